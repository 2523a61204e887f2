#include "net/datagram_testing.hpp"

#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace torc {
namespace {

DatagramPort listen_recording(Record& record, DatagramOptions options = {}, std::string_view where = "127.0.0.1:0") {
  return listen_datagrams(where, std::make_unique<Recorder>(&record), options);
}

TEST(Datagrams, AreEchoedToWhereTheyCameFrom) {
  on_reactor([]() -> Deferred<void> {
    auto port = listen_datagrams("127.0.0.1:0", std::make_unique<Echo>());
    Plain one, other;
    for (int i = 0; i < 100; ++i) (i % 2 ? one : other).send(std::to_string(i), port.address());
    co_await until([&] { return port.transport().counts().sent == 100; });
    for (int i = 0; i < 100; ++i) EXPECT_EQ((i % 2 ? one : other).receive(), std::to_string(i));
    EXPECT_EQ(port.transport().counts().received, 100u);
  });
}

TEST(Datagrams, APythonProgramIsAnswered) {
  if (std::system("python3 -c '' 2>/dev/null") != 0) GTEST_SKIP() << "there is no python3";
  on_reactor([]() -> Deferred<void> {
    auto port = listen_datagrams("[::]:0", std::make_unique<Echo>());
    const std::string program =
        "python3 -c 'import socket\n"
        "for family, host in (socket.AF_INET, \"127.0.0.1\"), (socket.AF_INET6, \"::1\"):\n"
        "  s = socket.socket(family, socket.SOCK_DGRAM); s.settimeout(10)\n"
        "  s.connect((host, " + std::to_string(port.address().port()) + "))\n"
        "  for size in 0, 1, 1400, 20000:\n"
        "    s.send(b\"x\" * size); assert s.recv(70000) == b\"x\" * size'";
    EXPECT_EQ(co_await defer_to_thread([&] { return std::system(program.c_str()); }), 0);
  });
}

TEST(Datagrams, AnswersGatherAndLeaveWithTheirBatch) {
  struct Counting : DatagramProtocol {
    explicit Counting(std::vector<std::uint64_t>* sent) : sent(sent) {}
    void datagram_received(std::string_view data, const SocketAddress& from) override {
      transport().send(data, from);
      sent->push_back(transport().counts().sent);
    }
    std::vector<std::uint64_t>* sent;
  };
  std::vector<std::uint64_t> sent;
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = listen_datagrams("127.0.0.1:0", std::make_unique<Counting>(&sent), {.offload = false});
    Plain peer;
    for (int i = 0; i < 10; ++i) peer.send("x", port.address());
    co_await until([&] { return port.transport().counts().sent == 10; });
  });
  EXPECT_EQ(sent, std::vector<std::uint64_t>(10, 0));
}

TEST(Datagrams, ThatTheSystemJoinedAreGivenOneByOne) {
  Record record;
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = listen_recording(record);
    Plain peer;
    peer.set(IPPROTO_UDP, UDP_SEGMENT, 1000);
    std::string all;
    for (char c = 'a'; c < 'k'; ++c) all += std::string(1000, c);
    peer.send(all + "the last", port.address());
    co_await until([&] { return record.data.size() == 11; });
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(record.data[i], std::string(1000, static_cast<char>('a' + i)));
    EXPECT_EQ(record.data[10], "the last");
    EXPECT_EQ(record.senders[10], peer.address());
  });
}

TEST(Datagrams, OfOneSizeForOnePeerTravelTogether) {
  on_reactor([]() -> Deferred<void> {
    Record record;
    auto port = listen_recording(record);
    Plain joining, plain;
    joining.set(IPPROTO_UDP, UDP_GRO, 1);
    for (Plain* peer : {&joining, &plain}) {
      const auto cork = port.transport().cork();
      for (int i = 0; i < 20; ++i) EXPECT_TRUE(port.transport().send(std::string(500, 'x'), peer->address()));
      EXPECT_TRUE(port.transport().send("shorter", peer->address()));
      EXPECT_TRUE(port.transport().send("short", peer->address()));
      EXPECT_TRUE(peer->has_nothing());
    }
    EXPECT_EQ(joining.receive(), std::string(20 * 500, 'x') + "shorter");
    EXPECT_EQ(joining.receive(), "short");
    for (int i = 0; i < 20; ++i) EXPECT_EQ(plain.receive(), std::string(500, 'x'));
    EXPECT_EQ(plain.receive(), "shorter");
    EXPECT_EQ(port.transport().counts().sent, 44u);
    co_return;
  });
}

TEST(Datagrams, ThatGatherBeyondTheRoomKeepTheirOrder) {
  on_reactor([]() -> Deferred<void> {
    Record record;
    auto port = listen_recording(record);
    Plain peer;
    peer.set(SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20);
    const auto size = [](int i) { return static_cast<std::size_t>(i % 3 == 0 ? 60'000 : i); };
    {
      const auto cork = port.transport().cork();
      for (int i = 0; i < 150; ++i) EXPECT_TRUE(port.transport().send(std::string(size(i), 'x'), peer.address()));
    }
    for (int i = 0; i < 150; ++i) EXPECT_EQ(peer.receive(MSG_DONTWAIT).size(), size(i));
    co_return;
  });
}

TEST(Datagrams, ALongOneIsCutAndToldSo) {
  for (const bool offload : {false, true}) {
    Record record;
    on_reactor([&](this auto) -> Deferred<void> {
      auto port = listen_recording(record, {.max_datagram = 100, .offload = offload});
      Plain peer;
      peer.send(std::string(100, 'a'), port.address());
      peer.send(std::string(101, 'b'), port.address());
      peer.send("", port.address());
      co_await until([&] { return record.data.size() == 3; });
      EXPECT_EQ(port.transport().counts().cut, 1u);
    });
    EXPECT_EQ(record.data, (std::vector<std::string>{std::string(100, 'a'), std::string(100, 'b'), ""}));
    EXPECT_EQ(record.cut, std::vector<std::size_t>{101});
  }
}

TEST(Datagrams, ARefusalNamesThePeerAndTheSocketGoesOn) {
  for (const std::string host : {"127.0.0.1", "[::1]", "both"}) {
    Record record;
    on_reactor([&](this auto) -> Deferred<void> {
      const std::string own = host == "both" ? "[::]:0" : host + ":0";
      const std::string other = host == "both" ? "127.0.0.1:0" : own;
      auto port = listen_recording(record, {}, own);
      Plain listening(other);
      std::vector<SocketAddress> closed;
      for (int i = 0; i < 3; ++i) closed.push_back(Plain(other).address());
      {
        const auto cork = port.transport().cork();
        for (const auto& each : closed) {
          port.transport().send("nobody", each);
          port.transport().send("somebody", listening.address());
        }
      }
      for (int i = 0; i < 3; ++i) EXPECT_EQ(listening.receive(), "somebody");
      co_await until([&] { return record.failed.size() == 3; });
      for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(record.failed[i].first, closed[i]);
        EXPECT_TRUE(record.failed[i].second.check<DatagramRefused>()) << record.failed[i].second.report();
      }
      SocketAddress there(IpAddress::parse(other.substr(0, other.rfind(':')) == "[::1]" ? "::1" : "127.0.0.1").value(),
                          port.address().port());
      listening.send("still open", there);
      co_await until([&] { return record.data.size() == 1; });
      EXPECT_EQ(record.senders[0], listening.address());
    });
  }
}

TEST(Datagrams, OneThatCannotBeSentDoesNotHoldUpTheOthers) {
  Record record;
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = listen_recording(record);
    Plain peer;
    {
      const auto cork = port.transport().cork();
      port.transport().send("first", peer.address());
      port.transport().send(std::string(65'508, 'x'), peer.address());
      port.transport().send("everybody", at("255.255.255.255:9"));
      port.transport().send("nobody");
      port.transport().send("last", peer.address());
    }
    EXPECT_EQ(peer.receive(), "first");
    EXPECT_EQ(peer.receive(), "last");
    EXPECT_TRUE(record.failed.empty()) << "not from inside send()";
    co_await until([&] { return record.failed.size() == 3; });
    EXPECT_TRUE(record.failed[0].second.check<DatagramTooLarge>());
    EXPECT_EQ(record.failed[0].first, peer.address());
    EXPECT_TRUE(record.failed[1].second.check<DatagramUnreachable>());
    EXPECT_EQ(record.failed[1].first, at("255.255.255.255:9"));
    EXPECT_TRUE(record.failed[2].second.check<DatagramError>());
    EXPECT_EQ(port.transport().counts().sent, 2u);
    EXPECT_EQ(port.transport().counts().failed, 3u);
  });
}

TEST(Datagrams, AreBroadcastIfThatWasAskedFor) {
  Record record;
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = listen_recording(record, {.broadcast = true});
    auto everybody = listen_recording(record, {}, "0.0.0.0:0");
    const SocketAddress there(IpAddress::parse("127.255.255.255").value(), everybody.address().port());
    port.transport().send("to all", there);
    co_await until([&] { return !record.data.empty() || !record.failed.empty(); });
    EXPECT_EQ(record.data, std::vector<std::string>{"to all"});
    port.transport().set_broadcast(false);
    port.transport().send("to all", there);
    co_await until([&] { return record.failed.size() == 1; });
    EXPECT_TRUE(record.failed[0].second.check<DatagramUnreachable>());
  });
}

TEST(Datagrams, AnswersLeaveFromTheAddressTheQuestionCameTo) {
  on_reactor([]() -> Deferred<void> {
    for (const std::string where : {"0.0.0.0:0", "[::]:0"}) {
      auto port = listen_datagrams(where, std::make_unique<Echo>(), {.want_arrival = true});
      Plain peer("127.0.0.1:0");
      peer.connect(SocketAddress(IpAddress::parse("127.0.0.7").value(), port.address().port()));
      EXPECT_EQ(::send(peer.fd(), "x", 1, 0), 1);
      co_await until([&] { return port.transport().counts().sent == 1; });
      EXPECT_EQ(peer.receive(), "x") << "a connected socket takes it from that address only";
    }
  });
}

TEST(Datagrams, ASocketForBothFamiliesShowsIPv4AsIPv4) {
  Record record;
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = listen_recording(record, {}, "[::]:0");
    Plain v4("127.0.0.1:0"), v6("[::1]:0");
    v4.send("4", SocketAddress(IpAddress::loopback_v4(), port.address().port()));
    v6.send("6", SocketAddress(IpAddress::loopback_v6(), port.address().port()));
    co_await until([&] { return record.data.size() == 2; });
    EXPECT_EQ(record.senders, (std::vector{v4.address(), v6.address()}));
    auto only_v6 = listen_recording(record, {.v6_only = true}, "[::]:0");
    Plain beside(SocketAddress(IpAddress::any_v4(), only_v6.address().port()));
  });
}

TEST(Datagrams, SeveralSocketsMayShareAnAddressIfTheyAllAsk) {
  on_reactor([]() -> Deferred<void> {
    Record record;
    auto first = listen_recording(record, {.reuse_port = true});
    auto second = listen_datagrams(first.address(), std::make_unique<Recorder>(&record), {.reuse_port = true});
    try {
      auto third = listen_datagrams(first.address(), std::make_unique<Recorder>(&record));
      ADD_FAILURE() << "not refused";
    } catch (const CannotListen& error) {
      EXPECT_NE(std::string(error.what()).find(first.address().str()), std::string::npos) << error.what();
    }
    std::vector<std::unique_ptr<Plain>> peers;
    for (int i = 0; i < 64; ++i) {
      peers.push_back(std::make_unique<Plain>());
      peers.back()->send("x", first.address());
    }
    co_await until([&] { return record.data.size() == 64; });
    EXPECT_GT(first.transport().counts().received, 0u);
    EXPECT_GT(second.transport().counts().received, 0u);
  });
}

TEST(Datagrams, ATtlIsSet) {
  on_reactor([]() -> Deferred<void> {
    Record record;
    auto port = listen_recording(record);
    Plain peer;
    peer.set(IPPROTO_IP, IP_RECVTTL, 1);
    port.transport().set_ttl(42);
    port.transport().send("x", peer.address());
    char data[1], control[64];
    iovec into{.iov_base = data, .iov_len = 1};
    msghdr message{};
    message.msg_iov = &into;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    EXPECT_EQ(::recvmsg(peer.fd(), &message, 0), 1);
    int ttl = 0;
    if (auto* header = CMSG_FIRSTHDR(&message)) std::memcpy(&ttl, CMSG_DATA(header), sizeof ttl);
    EXPECT_EQ(ttl, 42);
    EXPECT_THROW(port.transport().set_ttl(1000), SystemError);
    co_return;
  });
}

TEST(Datagrams, AFloodStaysInTheSystemsBufferAndLeavesTheLoopItsTurns) {
  Record record;
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = listen_recording(record, {.receive_buffer = 256 * 1024});
    port.transport().pause_reading();
    Plain peer;
    for (int i = 0; i < 10'000; ++i) peer.send("flood", port.address());
    co_await sleep(1ms);
    EXPECT_TRUE(record.data.empty());
    port.transport().resume_reading();
    int turns = 0;
    for (std::size_t before = 1; before != record.data.size() || before == 0; ++turns) {
      before = record.data.size();
      co_await sleep(0ms);
      EXPECT_LE(record.data.size() - before, 2u * 4 * 64);
    }
    EXPECT_GT(turns, 2);
    peer.send("after it", port.address());
    co_await until([&] { return record.data.back() == "after it"; });
    const auto counts = port.transport().counts();
    EXPECT_GT(counts.overrun, 0u);
    EXPECT_EQ(counts.received + counts.overrun, 10'001u);
  });
}

TEST(Datagrams, AProtocolSeesItsCallsInOrder) {
  Record record;
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = listen_recording(record);
    auto closing = port.close();
    EXPECT_EQ(record.calls, "started ") << "stopped() comes later";
    EXPECT_FALSE(port.transport().send("x", at("127.0.0.1:9")));
    co_await std::move(closing);
    record.calls += "closed ";
    co_await port.close();
  });
  EXPECT_EQ(record.calls, "started stopped closed ~");
}

TEST(Datagrams, ADroppedPortClosesWithoutACall) {
  Record record;
  on_reactor([&](this auto) -> Deferred<void> {
    std::optional port = listen_recording(record);
    const SocketAddress address = port->address();
    port.reset();
    Plain there(address);
    co_return;
  });
  EXPECT_EQ(record.calls, "started ~");
}

TEST(Datagrams, StoppingTheReactorTellsTheProtocol) {
  Record record;
  std::optional<DatagramPort> port;
  {
    Reactor reactor;
    reactor.call_when_running([&] {
      port = listen_recording(record);
      reactor.stop();
    });
    reactor.run();
    EXPECT_EQ(record.calls, "started reactor stopped ");
  }
  port.reset();  // may outlive its reactor
  EXPECT_EQ(record.calls, "started reactor stopped ~");
}

TEST(Datagrams, APortMayOutliveAReactorThatNeverStopped) {
  Record record;
  std::optional<DatagramPort> port;
  {
    Reactor reactor;
    const Scheduler::Enter enter(&reactor);
    port = listen_recording(record);
  }
  port.reset();
  EXPECT_EQ(record.calls, "started ~");
}

TEST(Datagrams, AnExceptionInAProtocolIsLoggedAndTheSocketGoesOn) {
  struct Throwing : Recorder {
    using Recorder::Recorder;
    void datagram_received(std::string_view data, const SocketAddress& from) override {
      Recorder::datagram_received(data, from);
      if (data == "throw") throw Error("on purpose");
    }
  };
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  Record record;
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = listen_datagrams("127.0.0.1:0", std::make_unique<Throwing>(&record));
    Plain peer;
    peer.send("throw", port.address());
    peer.send("on", port.address());
    co_await until([&] { return record.data.size() == 2; });
  });
  EXPECT_TRUE(captured->contains("on purpose"));
}

TEST(Datagrams, AnyCallMayDestroyThePort) {
  struct Dropper : DatagramProtocol {
    Dropper(std::unique_ptr<DatagramPort>* port, std::string* events, std::string when)
        : port(port), events(events), when(std::move(when)) {}
    ~Dropper() override { *events += "~"; }
    void drop(std::string_view now) {
      if (now != when) return;
      port->reset();
      *events += "still here ";
    }
    void datagram_received(std::string_view data, const SocketAddress& from) override {
      transport().send(data, from);
      drop("received");
    }
    void datagram_cut(std::string_view, std::size_t, const SocketAddress&) override { drop("cut"); }
    void send_failed(const SocketAddress&, const Failure&) override { drop("failed"); }
    void stopped(const Failure&) override { drop("stopped"); }
    std::unique_ptr<DatagramPort>* port;
    std::string* events;
    std::string when;
  };
  for (const std::string when : {"received", "cut", "failed", "stopped"}) {
    std::unique_ptr<DatagramPort> port;
    std::string events;
    on_reactor([&](this auto) -> Deferred<void> {
      port = std::make_unique<DatagramPort>(listen_datagrams(
          "127.0.0.1:0", std::make_unique<Dropper>(&port, &events, when), {.max_datagram = 10}));
      Plain peer;
      const SocketAddress gone = Plain().address();
      if (when == "failed") port->transport().send("x", gone);
      if (when == "stopped") port->transport().close();
      for (int i = 0; port && when == "cut" && i < 3; ++i) peer.send(std::string(11, 'x'), port->address());
      for (int i = 0; port && when == "received" && i < 3; ++i) peer.send("x", port->address());
      co_await until([&] { return !port; });
      co_await sleep(0ms);
    });
    EXPECT_EQ(events, "still here ~") << when;
  }
}

TEST(Datagrams, WhatCannotBeOpenedIsNamed) {
  on_reactor([]() -> Deferred<void> {
    Record record;
    const auto why = [&](std::string_view where, DatagramOptions options = {}) -> std::string {
      try {
        auto port = listen_recording(record, options, where);
      } catch (const CannotListen& error) {
        return error.what();
      }
      return "opened";
    };
    EXPECT_NE(why("192.0.2.1:0").find("192.0.2.1:0"), std::string::npos);
    EXPECT_NE(why("nonsense").find("nonsense"), std::string::npos);
    EXPECT_NE(why("127.0.0.1:0", {.max_datagram = 0}).find("max_datagram"), std::string::npos);
    EXPECT_NE(why("127.0.0.1:0", {.max_datagram = 2 << 20}).find("max_datagram"), std::string::npos);
    EXPECT_NE(why("unix:/no/such/folder/x").find("/no/such/folder/x"), std::string::npos);
    co_return;
  });
}

}  // namespace
}  // namespace torc
