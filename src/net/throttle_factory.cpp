// Throttles for a port: which buckets a connection's bytes come out of.
#include "net/peer_network.hpp"

#include <torc/net/throttle.hpp>

#include <map>
#include <utility>

namespace torc {

namespace {

struct Buckets {
  std::shared_ptr<TokenBucket> in;
  std::shared_ptr<TokenBucket> out;

  Buckets below(const Rates& rates) const { return {bucket(rates.in, in), bucket(rates.out, out)}; }

 private:
  static std::shared_ptr<TokenBucket> bucket(Rate rate, const std::shared_ptr<TokenBucket>& parent) {
    return rate.bytes_per_second == 0 ? parent : std::make_shared<TokenBucket>(rate, parent);
  }
};

// The buckets that connections share. Those of a peer live as long as it has a connection.
class SharedBuckets : public std::enable_shared_from_this<SharedBuckets> {
 public:
  explicit SharedBuckets(const ThrottleOptions& options) : options_(options), all_(Buckets{}.below(options.all)) {}

  std::shared_ptr<const Buckets> of_peer(const SocketAddress& peer) {
    const auto network = peer_network(peer);
    const bool limited = options_.peer.in.bytes_per_second != 0 || options_.peer.out.bytes_per_second != 0;
    if (!network || !limited) return std::make_shared<const Buckets>(all_);
    auto& known = peers_[*network];
    if (auto buckets = known.lock()) return buckets;
    const std::shared_ptr<const Buckets> made(new Buckets(all_.below(options_.peer)),
                                              [self = shared_from_this(), network](const Buckets* gone) {
                                                self->peers_.erase(*network);
                                                delete gone;
                                              });
    known = made;
    return made;
  }
  const Rates& connection() const noexcept { return options_.connection; }

 private:
  const ThrottleOptions options_;
  const Buckets all_;
  std::map<IpNetwork, std::weak_ptr<const Buckets>> peers_;
};

class PortThrottle final : public Throttle {
 public:
  explicit PortThrottle(std::shared_ptr<SharedBuckets> shared) : Throttle(nullptr, nullptr), shared_(std::move(shared)) {}

  void connection_made() override {
    peer_ = shared_->of_peer(below().peer());
    auto mine = peer_->below(shared_->connection());
    set_buckets(std::move(mine.in), std::move(mine.out));
    Throttle::connection_made();
  }

 private:
  std::shared_ptr<SharedBuckets> shared_;
  std::shared_ptr<const Buckets> peer_;
};

}  // namespace

std::shared_ptr<LayerFactory> throttle(ThrottleOptions options) {
  struct Factory final : LayerFactory {
    explicit Factory(const ThrottleOptions& options) : shared(std::make_shared<SharedBuckets>(options)) {}
    std::unique_ptr<Layer> build() override { return std::make_unique<PortThrottle>(shared); }
    std::shared_ptr<SharedBuckets> shared;
  };
  return std::make_shared<Factory>(options);
}

}  // namespace torc
