#include "net/datagram_testing.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace torc {
namespace {

// A folder that goes away with all that is in it.
struct Folder {
  Folder() { EXPECT_NE(::mkdtemp(name), nullptr); }
  ~Folder() { std::filesystem::remove_all(name); }
  std::string path(std::string_view file) const { return std::string(name) + "/" + std::string(file); }
  char name[32] = "/tmp/torc-datagram-XXXXXX";
};

SocketAddress path_address(const std::string& path) { return SocketAddress::unix_path(path).value(); }

TEST(UnixDatagrams, AreEchoedToPathsAndAbstractNames) {
  on_reactor([]() -> Deferred<void> {
    Folder folder;
    auto port = listen_datagrams("unix:" + folder.path("echo"), std::make_unique<Echo>());
    Plain peer(path_address(folder.path("peer")));
    peer.send("by path", port.address());
    co_await until([&] { return port.transport().counts().sent == 1; });
    EXPECT_EQ(peer.receive(), "by path");

    auto hidden = listen_datagrams("unix:@torc-datagram-test-" + std::to_string(::getpid()), std::make_unique<Echo>());
    auto client = connect_datagrams(hidden.address());
    EXPECT_TRUE(client.address().is_abstract()) << "it can be answered";
    co_await client.send("by name");
    EXPECT_EQ((co_await client.receive()).data, "by name");
  });
}

TEST(UnixDatagrams, OfANamelessSenderArriveAndCannotBeAnswered) {
  Record record;
  on_reactor([&](this auto) -> Deferred<void> {
    Folder folder;
    auto port = listen_datagrams("unix:" + folder.path("log"), std::make_unique<Recorder>(&record));
    UniqueFd nameless(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_storage raw;
    const auto size = port.address().to_sockaddr(&raw);
    EXPECT_EQ(::sendto(nameless.get(), "line", 4, 0, reinterpret_cast<sockaddr*>(&raw), size), 4);
    co_await until([&] { return record.data.size() == 1; });
    EXPECT_TRUE(record.senders[0].is_unix());
    EXPECT_TRUE(record.senders[0].path().empty());
    port.transport().send("answer", record.senders[0]);
    co_await until([&] { return record.failed.size() == 1; });
  });
}

TEST(UnixDatagrams, APathHasTheModeAskedForAndGoesWithItsSocket) {
  on_reactor([]() -> Deferred<void> {
    Folder folder;
    const std::string path = folder.path("socket");
    const auto before = ::umask(0);
    ::umask(before);
    {
      auto port = listen_datagrams("unix:" + path, std::make_unique<Echo>(), {.mode = 0622});
      struct stat found;
      EXPECT_EQ(::stat(path.c_str(), &found), 0);
      EXPECT_EQ(found.st_mode & 0777, 0622u);
    }
    EXPECT_FALSE(std::filesystem::exists(path));
    co_return;
  });
}

TEST(UnixDatagrams, APathLeftBehindIsReplacedAndOneInUseIsNot) {
  on_reactor([]() -> Deferred<void> {
    Folder folder;
    const std::string path = folder.path("socket");
    { Plain ended(path_address(path)); }
    EXPECT_TRUE(std::filesystem::exists(path));
    auto port = listen_datagrams("unix:" + path, std::make_unique<Echo>());
    EXPECT_THROW(static_cast<void>(listen_datagrams("unix:" + path, std::make_unique<Echo>())), CannotListen);
    auto client = connect_datagrams("unix:" + path);
    co_await client.send("the first still has it");
    EXPECT_EQ((co_await client.receive()).data, "the first still has it");

    const std::string file = folder.path("file");
    { const UniqueFd made(::creat(file.c_str(), 0600)); }
    EXPECT_THROW(static_cast<void>(listen_datagrams("unix:" + file, std::make_unique<Echo>())), CannotListen);
    EXPECT_TRUE(std::filesystem::exists(file)) << "what is no socket is left alone";
  });
}

TEST(UnixDatagrams, APathThatIsSomebodyElsesByNowIsLeftAlone) {
  on_reactor([]() -> Deferred<void> {
    Folder folder;
    const std::string path = folder.path("socket");
    {
      auto port = listen_datagrams("unix:" + path, std::make_unique<Echo>());
      std::filesystem::rename(path, folder.path("moved"));
      Plain other(path_address(path));
    }
    EXPECT_TRUE(std::filesystem::exists(path));
    co_return;
  });
}

TEST(UnixDatagrams, AReceiverThatIsFullHoldsTheSenderBack) {
  Record record;
  on_reactor([&](this auto) -> Deferred<void> {
    Folder folder;
    auto port = listen_datagrams("unix:" + folder.path("sender"), std::make_unique<Recorder>(&record),
                                 {.high_water = 20'000, .low_water = 5'000, .queue_limit = 40'000, .queue_count = 100});
    Plain slow(path_address(folder.path("slow")));
    auto& transport = port.transport();
    int accepted = 0;
    while (transport.send(std::to_string(accepted) + std::string(1000, ' '), slow.address())) ++accepted;
    EXPECT_TRUE(transport.full());
    EXPECT_EQ(record.calls, "started pause ");
    EXPECT_GT(transport.unsent(), 38'000u);
    EXPECT_LE(transport.unsent(), 40'000u);
    EXPECT_EQ(transport.counts().refused, 1u);
    for (int i = 0; i < accepted; ++i) {
      if (i % 5 == 0) co_await sleep(3ms);
      EXPECT_EQ(std::stoi(slow.receive()), i);
    }
    EXPECT_EQ(transport.unsent(), 0u);
    EXPECT_EQ(record.calls, "started pause resume ");
  });
}

TEST(UnixDatagrams, TheNumberThatWaitsIsBoundedToo) {
  Record record;
  on_reactor([&](this auto) -> Deferred<void> {
    Folder folder;
    auto port =
        listen_datagrams("unix:" + folder.path("sender"), std::make_unique<Recorder>(&record), {.queue_count = 10});
    Plain slow(path_address(folder.path("slow")));
    while (port.transport().unsent() == 0) port.transport().send("x", slow.address());
    for (int i = 1; i < 10; ++i) EXPECT_TRUE(port.transport().send("x", slow.address()));
    EXPECT_FALSE(port.transport().send("x", slow.address()));
    co_return;
  });
}

TEST(UnixDatagrams, AwaitingASendIsTheBackPressure) {
  on_reactor([]() -> Deferred<void> {
    Folder folder;
    Plain slow(path_address(folder.path("slow")));
    auto socket = connect_datagrams(slow.address(), {.high_water = 10'000, .low_water = 2'000});
    Deferred<void> last = succeed();
    int sent = 0;
    for (; !last.pending(); ++sent) last = socket.send(std::string(1000, 'x'));
    {
      auto dropped = socket.send("not taken back by dropping");
      EXPECT_TRUE(dropped.pending());
    }
    for (; last.pending(); --sent) {
      EXPECT_EQ(slow.receive().size(), 1000u);
      co_await sleep(1ms);
    }
    for (; sent > 0; --sent) {
      EXPECT_EQ(slow.receive(MSG_DONTWAIT).size(), 1000u);
      co_await sleep(3ms);
    }
    EXPECT_EQ(slow.receive(), "not taken back by dropping");
  });
}

TEST(UnixDatagrams, APathWithoutASocketRefuses) {
  on_reactor([]() -> Deferred<void> {
    Folder folder;
    auto socket = open_datagrams("unix:" + folder.path("socket"));
    std::vector<Failure> told;
    socket.on_send_failed([&](const SocketAddress&, const Failure& reason) { told.push_back(reason); });
    co_await socket.send("x", path_address(folder.path("nobody")));
    co_await until([&] { return !told.empty(); });
    EXPECT_TRUE(told[0].check<DatagramRefused>());
    EXPECT_THROW(static_cast<void>(connect_datagrams("unix:" + folder.path("nobody"))), ConnectError);
  });
}

}  // namespace
}  // namespace torc
