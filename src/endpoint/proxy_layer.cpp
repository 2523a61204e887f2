#include "torc/endpoint/proxy_layer.hpp"

#include <torc/async/scheduler.hpp>
#include <torc/base/log.hpp>
#include <torc/codec/proxy_header.hpp>
#include <torc/reactor/reactor.hpp>

#include <optional>
#include <string>

namespace torc {
namespace {

class Proxies;

class ProxyLayer final : public Layer, private detail::Timer {
 public:
  explicit ProxyLayer(std::shared_ptr<Proxies> proxies, const ProxyOptions& options)
      : proxies_(std::move(proxies)), limit_(options.time_limit), parser_(std::in_place, options.max_length) {}

  SocketAddress peer() const override { return ends_ ? ends_->source : Layer::peer(); }
  SocketAddress local() const override { return ends_ ? ends_->destination : Layer::local(); }

 private:
  void connection_made() override {
    auto& reactor = Reactor::required("a PROXY header");
    reactor.arm(*this, reactor.after(limit_));
  }

  void data_received(std::string_view data) override {
    if (!parser_) return Layer::data_received(data);
    using Event = codec::ProxyHeaderParser::Event;
    const auto event = parser_->next(data);
    if (event == Event::kNeedMore) return;
    if (event == Event::kError) return refuse(std::string(parser_->error()));
    ends_ = parser_->header().ends;
    parser_.reset();
    disarm();
    up();
    if (!data.empty() && !closing()) Layer::data_received(data);
  }

  void expire() noexcept override { refuse("its PROXY header did not come in time"); }
  bool lets_descriptors_pass() const noexcept override { return true; }
  void refuse(const std::string& why) noexcept;

  const std::shared_ptr<Proxies> proxies_;
  const Duration limit_;
  std::optional<codec::ProxyHeaderParser> parser_;  // none: the header is here
  std::optional<codec::ProxyHeader::Ends> ends_;
};

// What the layers of a port share.
class Proxies final : public LayerFactory, public std::enable_shared_from_this<Proxies> {
 public:
  explicit Proxies(ProxyOptions options) noexcept : options_(options) {}
  std::unique_ptr<Layer> build() override { return std::make_unique<ProxyLayer>(shared_from_this(), options_); }
  void complain(const std::string& what) noexcept {
    try {
      complaints_.write(LogLevel::kWarning, "endpoint", what, Reactor::required("a log").now().time_since_epoch());
    } catch (...) {
    }
  }

 private:
  const ProxyOptions options_;
  log::RateLimit complaints_{std::chrono::seconds(1)};
};

void ProxyLayer::refuse(const std::string& why) noexcept {
  disarm();
  proxies_->complain("a connection from " + Layer::peer().str() + " was cut: " + why);
  abort();
}

}  // namespace

std::shared_ptr<LayerFactory> proxy_layer(ProxyOptions options) { return std::make_shared<Proxies>(options); }

}  // namespace torc
