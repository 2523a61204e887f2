// Groups, on an interface of this machine.
#include "net/datagram_testing.hpp"

#include <net/if.h>

#include <cstring>

namespace torc {
namespace {

struct Family {
  const char* any;
  IpAddress group;
  IpAddress other_group;
};
const Family kFamilies[] = {
    {"0.0.0.0:0", IpAddress::parse("239.255.77.1").value(), IpAddress::parse("239.255.77.2").value()},
    {"[::]:0", IpAddress::parse("ff15::77:1").value(), IpAddress::parse("ff15::77:2").value()},
    {"[::]:0", IpAddress::parse("239.255.77.3").value(), IpAddress::parse("239.255.77.4").value()},
};

// Sends with TTL 0: nothing leaves this machine, members here get it.
class Multicast : public ::testing::TestWithParam<int> {
 protected:
  const Family& family = kFamilies[GetParam()];
  const bool v4 = family.group.is_v4();

  // An interface by which datagrams to groups come back; not every container has one for each family.
  std::string interface() const {
    std::string found;
    struct if_nameindex* all = ::if_nameindex();
    for (auto* each = all; each && each->if_index != 0; ++each) {
      if ((found.empty() || found == "lo") && carries(static_cast<int>(each->if_index))) found = each->if_name;
    }
    ::if_freenameindex(all);
    return found;
  }
  std::string skipped() const { return "no interface here carries datagrams to " + family.group.str(); }

 private:
  bool carries(int index) const {
    Plain sender(v4 ? "0.0.0.0:0" : "[::]:0"), receiver(v4 ? "0.0.0.0:0" : "[::]:0");
    bool set;
    if (v4) {
      ip_mreqn request{};
      std::memcpy(&request.imr_multiaddr, family.group.bytes().data(), 4);
      request.imr_ifindex = index;
      set = asked(receiver, IPPROTO_IP, IP_ADD_MEMBERSHIP, request) &&
            asked(sender, IPPROTO_IP, IP_MULTICAST_IF, request) && asked(sender, IPPROTO_IP, IP_MULTICAST_TTL, 0);
    } else {
      ipv6_mreq request{};
      std::memcpy(&request.ipv6mr_multiaddr, family.group.bytes().data(), 16);
      request.ipv6mr_interface = static_cast<unsigned>(index);
      set = asked(receiver, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, request) &&
            asked(sender, IPPROTO_IPV6, IPV6_MULTICAST_IF, index) &&
            asked(sender, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 0);
    }
    sockaddr_storage raw;
    const auto size = SocketAddress(family.group, receiver.address().port()).to_sockaddr(&raw);
    return set && ::sendto(sender.fd(), "x", 1, 0, reinterpret_cast<sockaddr*>(&raw), size) == 1 &&
           receiver.receive(MSG_DONTWAIT) == "x";
  }
  template <class T>
  static bool asked(const Plain& socket, int level, int option, const T& value) {
    return ::setsockopt(socket.fd(), level, option, &value, sizeof value) == 0;
  }
};

TEST_P(Multicast, MembersGetWhatIsSentToTheirGroupUntilTheyLeave) {
  const std::string by = interface();
  if (by.empty()) GTEST_SKIP() << skipped();
  Record joined, bystanding, sending;
  on_reactor([&](this auto) -> Deferred<void> {
    const DatagramOptions shared{.reuse_address = true, .want_arrival = true};
    auto member = listen_datagrams(family.any, std::make_unique<Recorder>(&joined), shared);
    auto bystander = listen_datagrams(member.address(), std::make_unique<Recorder>(&bystanding), shared);
    bystander.transport().join(family.other_group, by);
    member.transport().join(family.group, by);
    auto sender = listen_datagrams(family.any, std::make_unique<Recorder>(&sending));
    sender.transport().set_outgoing_interface(by);
    sender.transport().set_multicast_ttl(0);
    const SocketAddress there(family.group, member.address().port());
    sender.transport().send("to members", there);
    if (by != "lo") sender.transport().set_loopback(false);
    if (by != "lo") sender.transport().send("not to this machine", there);
    sender.transport().set_loopback(true);
    sender.transport().send("to this machine", there);
    co_await until([&] { return joined.data.size() >= 2; });
    EXPECT_EQ(joined.data, (std::vector<std::string>{"to members", "to this machine"}));

    member.transport().leave(family.group, by);
    sender.transport().send("after leaving", there);
    sender.transport().send("to the others", SocketAddress(family.other_group, member.address().port()));
    co_await until([&] { return !bystanding.data.empty(); });
    EXPECT_EQ(bystanding.data, std::vector<std::string>{"to the others"});
    EXPECT_EQ(joined.data.size(), 2u);
  });
  for (const auto& [peer, reason] : sending.failed) ADD_FAILURE() << reason.report();
}

TEST_P(Multicast, AnArrivalTellsTheGroupAndAnAnswerLeavesFromAnAddress) {
  const std::string by = interface();
  if (by.empty()) GTEST_SKIP() << skipped();
  on_reactor([&](this auto) -> Deferred<void> {
    auto member = open_datagrams(family.any, {.want_arrival = true});
    member.transport().join(family.group, by);
    auto asking = open_datagrams(family.any);
    asking.transport().set_outgoing_interface(by);
    asking.transport().set_multicast_ttl(0);
    co_await asking.send("who is there?", SocketAddress(family.group, member.address().port()));
    auto question = co_await member.receive();
    EXPECT_EQ(question.arrival.destination.str(), family.group.str());
    EXPECT_EQ(question.arrival.interface, ::if_nametoindex(by.c_str()));
    co_await member.send("me", question.from, question.arrival);
    EXPECT_EQ((co_await asking.receive()).data, "me");
  });
}

INSTANTIATE_TEST_SUITE_P(IPv4IPv6AndIPv4OnASocketForBoth, Multicast, ::testing::Values(0, 1, 2));

TEST(MulticastErrors, NameWhatWasAskedFor) {
  on_reactor([]() -> Deferred<void> {
    auto socket = open_datagrams("127.0.0.1:0");
    const auto why = [](auto f) -> std::string {
      try {
        f();
      } catch (const SystemError& error) {
        return error.what();
      }
      return "done";
    };
    auto& transport = socket.transport();
    EXPECT_NE(why([&] { transport.join(IpAddress::loopback_v4()); }).find("127.0.0.1"), std::string::npos);
    EXPECT_NE(why([&] { transport.join(kFamilies[0].group, "no-such-if"); }).find("no-such-if"), std::string::npos);
    EXPECT_NE(why([&] { transport.leave(kFamilies[0].group); }).find("leaving 239.255.77.1"), std::string::npos);
    EXPECT_NE(why([&] { transport.set_multicast_ttl(256); }).find("256"), std::string::npos);
    co_return;
  });
}

}  // namespace
}  // namespace torc
