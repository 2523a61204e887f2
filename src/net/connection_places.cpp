#include "net/connection_places.hpp"

#include "net/peer_network.hpp"

#include <limits>
#include <utility>

namespace torc {

class ConnectionPlaces::Place final : public Layer {
 public:
  Place(std::shared_ptr<ConnectionPlaces> places, std::optional<IpNetwork> peer)
      : places_(std::move(places)), peer_(peer) {
    if (peer_) ++places_->peers_[*peer_];
    ++places_->taken_;
  }
  ~Place() override {
    if (peer_) {
      const auto count = places_->peers_.find(*peer_);
      if (--count->second == 0) places_->peers_.erase(count);
    }
    const bool was_full = places_->full();
    --places_->taken_;
    if (was_full && places_->owner_) places_->owner_->place_free();
  }

 private:
  std::shared_ptr<ConnectionPlaces> places_;
  std::optional<IpNetwork> peer_;
};

bool ConnectionPlaces::counts_peers() const noexcept { return most_per_peer_ != std::numeric_limits<std::size_t>::max(); }

std::unique_ptr<Layer> ConnectionPlaces::take(const SocketAddress& peer) {
  const auto network = counts_peers() ? peer_network(peer) : std::nullopt;
  if (network) {
    const auto known = peers_.find(*network);
    if ((known == peers_.end() ? 0 : known->second) >= most_per_peer_) return nullptr;
  }
  return std::make_unique<Place>(shared_from_this(), network);
}

}  // namespace torc
