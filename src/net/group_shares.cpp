#include "net/group_shares.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace torc {

namespace detail {

namespace {

// The shares of a reactor, of all ports. Those that are left end with it.
class SharesHere {
 public:
  void add(std::unique_ptr<GroupShare> share) { shares_.push_back(std::move(share)); }
  void remove(const GroupShare* share) noexcept {
    const auto at = std::ranges::find(shares_, share, [](const auto& each) { return each.get(); });
    if (at == shares_.end()) return;
    const auto last = std::move(*at);  // out of the list first: what dies may look for others
    shares_.erase(at);
  }

 private:
  std::vector<std::unique_ptr<GroupShare>> shares_;
};

// A mixing function: each bit of the input changes each of the output with even chance (Steele, Lea, Flood 2014).
std::uint64_t mixed(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// An IPv4 client is the same one when it comes to an IPv6 socket.
std::string_view who(const IpAddress& ip) noexcept {
  const auto bytes = ip.bytes();
  return ip.is_v4_mapped() ? bytes.substr(12) : bytes;
}

}  // namespace

GroupShares::GroupShares(const ReactorGroup& group) : members_(group.size()) {
  for (std::size_t i = 0; i < size(); ++i) {
    members_[i].door = group.door(i);
    members_[i].load = std::make_shared<PortLoad>();
  }
}

GroupLoad GroupShares::load() const {
  GroupLoad load;
  for (std::size_t i = 0; i < size(); ++i) {
    const PortLoad& each = *counts(i);
    load.reactors.push_back({each.open.load(std::memory_order_relaxed), each.accepted.load(std::memory_order_relaxed),
                             serving(i)});
  }
  return load;
}

std::size_t GroupShares::least_loaded(std::size_t first) const noexcept {
  std::size_t best = size();
  std::size_t fewest = 0;
  for (std::size_t n = 0; n < size(); ++n) {
    const std::size_t i = (first + n) % size();
    const std::size_t open = counts(i)->open.load(std::memory_order_relaxed);
    if (!serving(i) || (best != size() && open >= fewest)) continue;
    best = i;
    fewest = open;
  }
  return best;
}

// Each reactor has a number for each client, and the highest wins: when one stops, only its clients move.
std::size_t GroupShares::sticky(const IpAddress& ip) const noexcept {
  std::uint64_t client = 0;
  for (const char byte : who(ip)) client = mixed(client ^ static_cast<std::uint8_t>(byte)) + 0x9e3779b97f4a7c15;
  std::size_t best = size();
  std::uint64_t highest = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    const std::uint64_t number = mixed(client ^ mixed(i + 1));
    if (!serving(i) || (best != size() && number <= highest)) continue;
    best = i;
    highest = number;
  }
  return best;
}

bool GroupShares::send(UniqueFd& connection, std::size_t to) {
  struct Parcel {
    UniqueFd connection;
    OpenCount count;
  };
  auto made = std::make_unique<Parcel>(std::move(connection), OpenCount(counts(to), true));
  Parcel& parcel = *made;
  std::move_only_function<void()> deliver = [shares = shared_from_this(), to, parcel = std::move(made)] {
    auto* share = shares->share(to);
    if (share && share->port_) share->port_->hand(std::move(parcel->connection), std::move(parcel->count));
  };
  if (door(to)->call(std::move(deliver))) return true;
  connection = std::move(parcel.connection);
  return false;
}

void GroupShares::end(std::size_t index) noexcept {
  not_serving(index);
  door(index)->call([shares = shared_from_this(), index] {
    if (auto* share = shares->share(index)) Reactor::required("a GroupPort").service<SharesHere>().remove(share);
  });
}

void GroupShares::set_up(std::size_t index, std::optional<ListeningSocket> socket, const SocketAddress& address,
                         const MakeServer& make) {
  auto share = std::make_unique<GroupShare>(shared_from_this(), index);
  PortServer server = (*make)(*share);
  server.options.load = counts(index);
  share->port_.emplace(std::visit(
      [&](auto& serve) {
        return socket ? Port::serve(*std::move(socket), std::move(serve), std::move(server.options))
                      : Port::handed(address, std::move(serve), std::move(server.options));
      },
      server.serve));
  Reactor::required("a GroupPort").service<SharesHere>().add(std::move(share));
}

Deferred<void> GroupShares::close(std::size_t index, Duration limit) {
  auto* share = members_[index].share;
  return share && share->port_ ? share->port_->close(limit) : succeed();
}

void GroupShares::take(std::size_t index, ReleasedSocket connection, StreamHandler handler, OpenCount count) {
  auto* share = members_[index].share;
  if (!share || !share->port_) throw ReactorStopped("the port of the reactor that a connection was moved to is closed");
  share->port_->hand(std::move(connection), std::move(handler), std::move(count));
}

}  // namespace detail

GroupShare::GroupShare(std::shared_ptr<detail::GroupShares> shares, std::size_t index)
    : shares_(std::move(shares)), index_(index) {
  shares_->set_share(index_, this);
  Reactor::required("a GroupPort").house(*this);
}

GroupShare::~GroupShare() {
  shares_->not_serving(index_);
  shares_->set_share(index_, nullptr);
}

void GroupShare::reactor_stopping() noexcept { shares_->not_serving(index_); }

GroupLoad GroupShare::load() const { return shares_->load(); }

std::size_t GroupShare::least_loaded() const noexcept {
  const std::size_t least = shares_->least_loaded(index_);
  return least == shares_->size() ? index_ : least;
}

Deferred<void> GroupShare::move(Stream&& stream, std::size_t to, StreamHandler handler) {
  if (to >= shares_->size()) {
    return fail<void>(Error("a connection was to move to reactor " + std::to_string(to) + " of a group of " +
                            std::to_string(shares_->size())));
  }
  try {
    return detail::CrossCall<void>::start(
        shares_->door(to),
        [shares = shares_, to, connection = stream.release_socket(), handler = std::move(handler),
         count = OpenCount(shares_->counts(to), false)]() mutable {
          shares->take(to, std::move(connection), std::move(handler), std::move(count));
        },
        std::source_location::current());
  } catch (...) {
    return fail<void>(Failure::current());
  }
}

}  // namespace torc
