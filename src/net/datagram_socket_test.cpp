#include "net/datagram_testing.hpp"

#include <torc/async/cancel_scope.hpp>

namespace torc {
namespace {

Deferred<void> echo(DatagramSocket socket) {
  for (;;) {
    auto datagram = co_await socket.receive();
    co_await socket.send(datagram.data, datagram.from);
  }
}

TEST(DatagramSocket, EchoesInACoroutine) {
  on_reactor([]() -> Deferred<void> {
    auto server = open_datagrams("127.0.0.1:0");
    const SocketAddress there = server.address();
    auto serving = echo(std::move(server));
    auto client = connect_datagrams(there);
    for (int i = 0; i < 300; ++i) {
      co_await client.send(std::to_string(i));
      auto answer = co_await client.receive();
      EXPECT_EQ(answer.data, std::to_string(i));
      EXPECT_EQ(answer.from, there);
    }
  });
}

TEST(DatagramSocket, ReadsOnlyWhileSomebodyWaits) {
  on_reactor([]() -> Deferred<void> {
    auto socket = open_datagrams("127.0.0.1:0");
    Plain peer;
    for (int i = 0; i < 100; ++i) peer.send(std::to_string(i), socket.address());
    co_await sleep(2ms);
    EXPECT_EQ(socket.transport().counts().received, 0u);
    EXPECT_EQ((co_await socket.receive()).data, "0");
    EXPECT_LE(socket.transport().counts().received, 16u);
    for (int i = 1; i < 100; ++i) EXPECT_EQ((co_await socket.receive()).data, std::to_string(i));
  });
}

TEST(DatagramSocket, ServesReceivesInTheirOrder) {
  on_reactor([]() -> Deferred<void> {
    auto socket = open_datagrams("127.0.0.1:0");
    std::vector<Deferred<Datagram>> waiting;
    for (int i = 0; i < 5; ++i) waiting.push_back(socket.receive());
    Plain peer;
    for (int i = 0; i < 5; ++i) peer.send(std::to_string(i), socket.address());
    for (int i = 0; i < 5; ++i)
      EXPECT_EQ((co_await std::move(waiting[static_cast<std::size_t>(i)])).data, std::to_string(i));
  });
}

TEST(DatagramSocket, DroppingAReceiveLosesNoDatagram) {
  on_reactor([]() -> Deferred<void> {
    auto socket = open_datagrams("127.0.0.1:0");
    Plain peer;
    {
      auto dropped = socket.receive();
      EXPECT_TRUE(dropped.pending());
    }
    {
      auto cancelled = socket.receive();
      cancelled.cancel();
      EXPECT_TRUE(cancelled.take().error().check<Cancelled>());
    }
    {
      auto fired = socket.receive();
      peer.send("kept", socket.address());
      co_await until([&] { return fired.fired(); });
    }  // had its datagram, and is dropped with it
    peer.send("next", socket.address());
    EXPECT_EQ((co_await socket.receive()).data, "kept");
    EXPECT_EQ((co_await socket.receive()).data, "next");
  });
}

TEST(DatagramSocket, AConnectedOneHearsOfARefusalOnceAndGoesOn) {
  on_reactor([]() -> Deferred<void> {
    auto there = std::make_unique<Plain>();
    const SocketAddress address = there->address();
    auto socket = connect_datagrams(address);
    there.reset();
    co_await socket.send("anybody?");
    auto refused = co_await as_outcome(socket.receive());
    EXPECT_TRUE(refused.error().check<DatagramRefused>());
    EXPECT_NE(refused.error().report().find(address.str()), std::string::npos);
    Plain back(address);
    co_await socket.send("and now?");
    EXPECT_EQ(back.receive(), "and now?");
    back.send("yes", socket.address());
    EXPECT_EQ((co_await socket.receive()).data, "yes");
  });
}

TEST(DatagramSocket, AnUnconnectedOneTellsAHandlerOnly) {
  on_reactor([]() -> Deferred<void> {
    auto socket = open_datagrams("127.0.0.1:0");
    auto receiving = socket.receive();
    SocketAddress gone = Plain().address();
    co_await socket.send("anybody?", gone);
    co_await until([&] { return socket.transport().counts().failed == 1; });
    std::vector<SocketAddress> told;
    socket.on_send_failed([&](const SocketAddress& peer, const Failure&) { told.push_back(peer); });
    gone = Plain().address();
    co_await socket.send("anybody?", gone);
    co_await until([&] { return !told.empty(); });
    EXPECT_EQ(told, std::vector{gone});
    EXPECT_TRUE(receiving.pending());
  });
}

TEST(DatagramSocket, TellsHowLongACutDatagramWas) {
  on_reactor([]() -> Deferred<void> {
    auto socket = open_datagrams("127.0.0.1:0", {.max_datagram = 4});
    Plain peer;
    peer.send("whole", socket.address());
    peer.send("four", socket.address());
    auto cut = co_await socket.receive();
    EXPECT_EQ(cut.data, "whol");
    EXPECT_TRUE(cut.cut());
    EXPECT_EQ(cut.size, 5u);
    EXPECT_FALSE((co_await socket.receive()).cut());
  });
}

TEST(DatagramSocket, AnAnswerGivenLaterLeavesFromTheRightAddress) {
  on_reactor([]() -> Deferred<void> {
    auto socket = open_datagrams("[::]:0", {.want_arrival = true});
    Plain peer("127.0.0.1:0"), peer6("[::1]:0");
    peer.connect(SocketAddress(IpAddress::parse("127.0.0.9").value(), socket.address().port()));
    EXPECT_EQ(::send(peer.fd(), "?", 1, 0), 1);
    auto question = co_await socket.receive();
    EXPECT_EQ(question.arrival.destination.str(), "127.0.0.9");
    EXPECT_GT(question.arrival.interface, 0u);
    co_await sleep(1ms);
    co_await socket.send("!", question.from, question.arrival);
    EXPECT_EQ(peer.receive(), "!");

    peer6.send("?", SocketAddress(IpAddress::loopback_v6(), socket.address().port()));
    question = co_await socket.receive();
    EXPECT_EQ(question.arrival.local, IpAddress::loopback_v6());
    co_await socket.send("!", question.from, question.arrival);
    co_await until([&] { return socket.transport().counts().sent == 2; });  // it leaves with the batch
    EXPECT_EQ(peer6.receive(), "!");
  });
}

TEST(DatagramSocket, RefusesWhatNoDatagramHolds) {
  on_reactor([]() -> Deferred<void> {
    auto socket = open_datagrams("127.0.0.1:0");
    auto sent = co_await as_outcome(socket.send(std::string(65'508, 'x'), at("127.0.0.1:9")));
    EXPECT_TRUE(sent.error().check<DatagramTooLarge>());
    EXPECT_EQ(socket.transport().counts().failed, 0u);
  });
}

TEST(DatagramSocket, ClosingEndsWhoeverWaits) {
  on_reactor([]() -> Deferred<void> {
    auto socket = open_datagrams("127.0.0.1:0");
    auto receiving = socket.receive();
    socket.close();
    EXPECT_TRUE((co_await as_outcome(std::move(receiving))).error().check<DatagramsStopped>());
    EXPECT_TRUE((co_await as_outcome(socket.receive())).error().check<DatagramsStopped>());
    EXPECT_TRUE((co_await as_outcome(socket.send("x", at("127.0.0.1:9")))).error().check<DatagramsStopped>());
  });
}

TEST(DatagramSocket, DestroyingItEndsWhoeverWaits) {
  on_reactor([]() -> Deferred<void> {
    auto socket = std::make_unique<DatagramSocket>(open_datagrams("127.0.0.1:0"));
    auto receiving = socket->receive();
    socket.reset();
    EXPECT_TRUE((co_await as_outcome(std::move(receiving))).error().check<DatagramsStopped>());
  });
}

TEST(DatagramSocket, StoppingTheReactorFailsAReceive) {
  std::optional<DatagramSocket> socket;
  bool told = false;
  Reactor reactor;
  Deferred<void> receiving = succeed();
  reactor.call_when_running([&] {
    socket = open_datagrams("127.0.0.1:0");
    receiving = socket->receive().then([](Datagram) { ADD_FAILURE(); },
                                       [&](Failure failure) { told = failure.check<ReactorStopped>(); });
    reactor.stop();
  });
  reactor.run();
  EXPECT_TRUE(told);
}

TEST(DatagramSocket, AReaderOfManyLetsOthersRun) {
  on_reactor([]() -> Deferred<void> {
    auto socket = open_datagrams("127.0.0.1:0", {.receive_buffer = 4 << 20});
    Plain peer;
    bool others_ran = false;
    Reactor::current()->call_when_running([&] { others_ran = true; });
    for (int i = 0; i < 200; ++i) peer.send("x", socket.address());
    for (int i = 0; i < 200; ++i) co_await socket.receive();
    EXPECT_TRUE(others_ran);
  });
}

}  // namespace
}  // namespace torc
