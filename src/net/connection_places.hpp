// ConnectionPlaces: how many connections a port may have, in all and of one peer.
//
// Each accepted connection holds a Place for as long as its descriptor is open, whoever owns it by then: the Place is the
// lowest layer on it. Shared by the port and its places, either of which may go first.
#pragma once

#include <torc/net/layer.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>

namespace torc {

class ConnectionPlaces : public std::enable_shared_from_this<ConnectionPlaces> {
 public:
  /// Told when a place has become free after full() was true.
  class Owner {
   public:
    virtual void place_free() noexcept = 0;

   protected:
    ~Owner() = default;
  };

  ConnectionPlaces(std::size_t most, std::size_t most_per_peer, Owner& owner) noexcept
      : most_(most), most_per_peer_(most_per_peer), owner_(&owner) {}
  void owner_gone() noexcept { owner_ = nullptr; }

  /// No place is left for anybody.
  bool full() const noexcept { return taken_ >= most_; }
  bool counts_peers() const noexcept;
  /// A place for a connection from `peer`; null when that has as many as it may.
  std::unique_ptr<Layer> take(const SocketAddress& peer);

 private:
  class Place;

  const std::size_t most_;
  const std::size_t most_per_peer_;
  Owner* owner_;
  std::size_t taken_ = 0;
  std::map<IpNetwork, std::size_t> peers_;
};

}  // namespace torc
