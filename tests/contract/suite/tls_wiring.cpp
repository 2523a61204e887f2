// TLS over any of the other wirings: the contract is the same.

#include "suite/suite.hpp"
#include "tls/made_certificates.hpp"

#include <torc/async/gather.hpp>
#include <torc/tls/tls.hpp>

namespace contract {

namespace {

// How long an end waits for the other one, which the cases keep.
constexpr Duration kClosing = 100ms;

class OverTls final : public Wiring {
 public:
  OverTls(std::unique_ptr<Wiring> below, bool every_mode)
      : below_(std::move(below)), name_(std::string("tls/") + below_->name()), every_mode_(every_mode) {}

  const char* name() const noexcept override { return name_.c_str(); }
  Ability ability() const noexcept override {
    Ability has = below_->ability();
    has.tells_resets = true;  // a cut is no close_notify
    return has;
  }
  bool every_mode() const noexcept override { return every_mode_; }
  Deferred<Ends> connected() override {
    below_->small_buffers = small_buffers;
    auto ends = co_await below_->connected();
    auto here = ends.here.upgrade(client());
    auto there = ends.there.upgrade(server()->build());
    co_await gather(std::move(here), std::move(there));
    co_return ends;
  }
  ListeningSocket listen() override { return below_->listen(); }
  std::vector<std::shared_ptr<LayerFactory>> layers() override { return {server()}; }
  Deferred<Stream> connect(const SocketAddress& where) override {
    auto stream = co_await below_->connect(where);
    co_await stream.upgrade(client());
    co_return stream;
  }

 private:
  static const tls::Site& site() {
    static const tls::Site site;
    return site;
  }
  static std::unique_ptr<Layer> client() {
    return tls::client({.host = "example.org", .trust = tls::TrustFile{site().ca_file}, .close_timeout = kClosing});
  }
  static std::shared_ptr<tls::Server> server() {
    static const auto server = tls::server({.certificate = site().pem_file, .close_timeout = kClosing});
    return server;
  }

  std::unique_ptr<Wiring> below_;
  std::string name_;
  bool every_mode_;
};

}  // namespace

std::unique_ptr<Wiring> over_tls(std::unique_ptr<Wiring> below, bool every_mode) {
  return std::make_unique<OverTls>(std::move(below), every_mode);
}

}  // namespace contract
