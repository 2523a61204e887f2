// GroupShares: what the home of a GroupPort and the reactors of its group have in common.
//
// Doors and loads may be used from any thread. Each share is touched on its reactor's thread only, which also owns it
// (Reactor::service). Connections travel with their count, so that one that never arrives is closed and uncounted.
#pragma once

#include <torc/net/group_port.hpp>

#include <memory>
#include <vector>

namespace torc::detail {

class GroupShares : public std::enable_shared_from_this<GroupShares> {
 public:
  explicit GroupShares(const ReactorGroup& group);

  // From any thread.

  std::size_t size() const noexcept { return members_.size(); }
  const std::shared_ptr<ThreadDoor>& door(std::size_t index) const noexcept { return members_[index].door; }
  const std::shared_ptr<PortLoad>& counts(std::size_t index) const noexcept { return members_[index].load; }
  bool serving(std::size_t index) const noexcept { return counts(index)->serving.load(std::memory_order_relaxed); }
  void not_serving(std::size_t index) noexcept { counts(index)->serving.store(false, std::memory_order_relaxed); }
  GroupLoad load() const;
  /// The serving reactor with the fewest open connections, the first of equals from `first` on; size() when there is none.
  std::size_t least_loaded(std::size_t first) const noexcept;
  /// The reactor that `ip` belongs to among those that serve; size() when there is none.
  std::size_t sticky(const IpAddress& ip) const noexcept;
  /// Sends a new connection to a reactor. False, and it is still here, when that is gone.
  bool send(UniqueFd& connection, std::size_t to);
  /// Ends a share, a little later.
  void end(std::size_t index) noexcept;

  // On the reactor's thread.

  GroupShare* share(std::size_t index) const noexcept { return members_[index].share; }
  void set_share(std::size_t index, GroupShare* share) noexcept { members_[index].share = share; }
  using MakeServer = std::shared_ptr<GroupPort::MakeServer>;
  /// Makes the server and its port, which serves `socket` or what is sent.
  void set_up(std::size_t index, std::optional<ListeningSocket> socket, const SocketAddress& address, const MakeServer& make);
  Deferred<void> close(std::size_t index, Duration limit);
  void take(std::size_t index, ReleasedSocket connection, StreamHandler handler, OpenCount count);

 private:
  struct Member {
    std::shared_ptr<ThreadDoor> door;
    std::shared_ptr<PortLoad> load;
    GroupShare* share = nullptr;
  };
  std::vector<Member> members_;
};

}  // namespace torc::detail
