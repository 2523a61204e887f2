// Layer: something between a connection and its protocol, such as TLS, a PROXY header or a time limit.
//
// To what is below it is the protocol, to what is above it is the transport; by itself it passes everything on, both
// ways. A layer of your own overrides what it is about:
//
//   class Counted : public torc::Layer {
//     void data_received(std::string_view data) override { bytes_ += data.size(); Layer::data_received(data); }
//     ...
//   };
//
// Put between by Transport::insert or Stream::upgrade, or by a port below each connection (LayerFactory). The transport
// below owns the layer, and the layer what is above it. One thread: the reactor's.
#pragma once

#include <torc/base/failure.hpp>
#include <torc/net/protocol.hpp>
#include <torc/net/transport.hpp>

#include <cstddef>
#include <memory>
#include <tuple>
#include <utility>

namespace torc {

class Layer : public Protocol, public Transport {
 public:
  ~Layer() override { destroy_protocol(); }

  // As the protocol of what is below.
  /// The connection is there. A layer that has to do something first overrides this and calls up() later.
  void connection_made() override { up(); }
  void data_received(std::string_view data) override;
  void descriptor_received(UniqueFd descriptor) override;
  void end_received() override;
  void connection_lost(const Failure& reason) override;
  void layer_up() override;
  void pause_writing() override;
  void resume_writing() override;
  void drain() override;
  bool reads_while_full() const noexcept override;
  std::size_t max_read() const noexcept override;
  void transport_gone() noexcept override {
    if (above()) above()->transport_gone();
  }

  // As the transport of what is above.
  void write(std::string_view data) noexcept override { below().write(data); }
  void write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept override {
    below().write_file(std::move(file), offset, length);
  }
  std::uint64_t unsent() const noexcept override { return below().unsent(); }
  std::uint64_t unacknowledged() const noexcept override { return below().unacknowledged(); }
  bool full() const noexcept override { return below().full(); }
  void close() noexcept override { below().close(); }
  void abort() noexcept override { below().abort(); }
  void shutdown_write() noexcept override { below().shutdown_write(); }
  /// A layer whose close() does not close what is below at once overrides this too.
  bool closing() const noexcept override { return below().closing(); }
  void pause_reading() noexcept override { below().pause_reading(); }
  void resume_reading() noexcept override { below().resume_reading(); }
  SocketAddress peer() const override { return below().peer(); }
  SocketAddress local() const override { return below().local(); }
  const Transport* lower() const noexcept override { return &below(); }
  std::optional<PeerCredentials> peer_credentials() const override { return below().peer_credentials(); }

  // Descriptors pass a layer that is told to let them: the bytes they go on would not pass through write().
  bool passes_descriptors() const noexcept override { return lets_descriptors_pass() && below().passes_descriptors(); }
  void write_descriptor(UniqueFd descriptor, std::string_view data) noexcept override;
  void accept_descriptors() noexcept override {
    if (lets_descriptors_pass()) below().accept_descriptors();
  }

 protected:
  /// From here on what is above may write and is told what comes.
  void up();
  bool is_up() const noexcept { return up_; }
  /// For a layer that leaves what is written as it is, and so lets descriptors pass.
  virtual bool lets_descriptors_pass() const noexcept { return false; }
  /// What is below, and above, if anything is there.
  Transport& below() noexcept { return Protocol::transport(); }
  const Transport& below() const noexcept { return Protocol::transport(); }
  Protocol* above() noexcept { return protocol_; }
  const Protocol* above() const noexcept { return protocol_; }

  void begin_cork() noexcept override { below().begin_cork(); }
  void end_cork() noexcept override { below().end_cork(); }

 private:
  friend class Transport;
  void protocol_started() final;

  bool up_ = false;
  bool told_ = false;  // what is above knows that it is connected
  FailureSlot threw_;  // by what is above as it was told: the reason of the end
};

/// The topmost layer of the type `L` that `transport` is or stands on; null when there is none.
template <class L>
const L* layer_of(const Transport& transport) noexcept {
  for (const Transport* each = &transport; each; each = each->lower()) {
    if (const auto* found = dynamic_cast<const L*>(each)) return found;
  }
  return nullptr;
}

/// Makes a layer for each connection of a port.
class LayerFactory {
 public:
  virtual ~LayerFactory() = default;
  virtual std::unique_ptr<Layer> build() = 0;
};

/// A factory that makes each `L` from copies of `args`: PortOptions{.layers = {layer<IdleTimeout>(60s)}}.
template <class L, class... Args>
std::shared_ptr<LayerFactory> layer(Args... args) {
  struct Factory final : LayerFactory {
    explicit Factory(std::tuple<Args...> args) : args(std::move(args)) {}
    std::unique_ptr<Layer> build() override {
      return std::apply([](const Args&... each) { return std::make_unique<L>(each...); }, args);
    }
    std::tuple<Args...> args;
  };
  return std::make_shared<Factory>(std::tuple<Args...>(std::move(args)...));
}

}  // namespace torc
