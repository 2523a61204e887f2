#include <torc/net/descriptor_stream.hpp>

#include "net/fd_transport.hpp"
#include "net/on_reactor.hpp"
#include "net/test_terminal.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/gather.hpp>

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

namespace torc {
namespace {

using namespace std::chrono_literals;

struct Ends {
  Ends() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    read = UniqueFd(ends[0]);
    write = UniqueFd(ends[1]);
  }
  UniqueFd read, write;
};

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

Deferred<std::string> read_all(Stream& stream) {
  std::string all;
  while (auto piece = co_await stream.read_some()) all += *piece;
  co_return all;
}

Deferred<void> send_all(Stream& stream, std::string text) {
  co_await stream.write(text);
  stream.shutdown_write();
}

TEST(DescriptorStream, APairIsConnected) {
  on_reactor([]() -> Deferred<void> {
    auto pair = stream_pair();
    co_await pair.first.write("to\n");
    EXPECT_EQ(co_await pair.second.read_line(), "to");
    co_await pair.second.write("fro");
    pair.second.shutdown_write();
    EXPECT_EQ(co_await read_all(pair.first), "fro");
    pair.first.close();
    EXPECT_EQ(co_await pair.second.read_some(), std::nullopt);
  });
}

TEST(DescriptorStream, PipesCarryMoreThanTheyHold) {
  on_reactor([]() -> Deferred<void> {
    Ends there, back;
    auto one = adopt_pipes(std::move(back.read), std::move(there.write));
    auto other = adopt_pipes(std::move(there.read), std::move(back.write));
    const std::string large(1'000'000, 'x');
    auto sent = co_await gather(send_all(one, large), send_all(other, large), read_all(one), read_all(other));
    EXPECT_TRUE(std::get<2>(sent) == large && std::get<3>(sent) == large);
  });
}

TEST(DescriptorStream, EitherPipeMayBeMissing) {
  on_reactor([]() -> Deferred<void> {
    Ends pipe;
    auto reader = adopt_pipes(std::move(pipe.read), {});
    auto writer = adopt_pipes({}, std::move(pipe.write));
    EXPECT_EQ(co_await writer.read_some(), std::nullopt);
    co_await writer.write("after the end of reading");
    writer.close();
    EXPECT_EQ(co_await read_all(reader), "after the end of reading");
    auto refused = co_await as_outcome(reader.write("x"));
    co_await sleep(1ms);
    EXPECT_FALSE(co_await as_outcome(reader.write("x")));
  });
}

TEST(DescriptorStream, HalfClosesAPairOfPipes) {
  on_reactor([]() -> Deferred<void> {
    Ends there, back;
    auto ours = adopt_pipes(std::move(back.read), std::move(there.write));
    auto reading = adopt_pipes(std::move(there.read), {});
    co_await ours.write("last");
    ours.shutdown_write();
    EXPECT_EQ(co_await read_all(reading), "last");
    EXPECT_EQ(::write(back.write.get(), "answer", 6), 6);
    back.write.reset();
    EXPECT_EQ(co_await read_all(ours), "answer");
  });
}

TEST(DescriptorStream, WritingToAPipeThatNobodyReadsFails) {
  on_reactor([]() -> Deferred<void> {
    Ends pipe;
    auto writer = adopt_pipes({}, std::move(pipe.write));
    auto waiting = writer.write(std::string(500'000, 'x'));  // more than fits: it waits
    EXPECT_TRUE(waiting.pending());
    pipe.read.reset();
    auto outcome = co_await as_outcome(std::move(waiting));
    EXPECT_EQ(outcome.error().message(), "connection lost: Broken pipe");
    EXPECT_FALSE(writer.open());

    Ends idle;  // found out without writing
    auto watching = adopt_pipes({}, std::move(idle.write));
    idle.read.reset();
    while (watching.open()) co_await sleep(1ms);
  });
}

TEST(DescriptorStream, ClosingAPipeSendsWhatIsQueued) {
  on_reactor([]() -> Deferred<void> {
    Ends pipe;
    auto reader = adopt_pipes(std::move(pipe.read), {});
    {
      auto writer = adopt_pipes({}, std::move(pipe.write));
      co_await writer.write(std::string(100'000, 'x'));
      EXPECT_GT(writer.unsent(), 0u);
    }
    EXPECT_EQ((co_await read_all(reader)).size(), 100'000u);
  });
}

TEST(DescriptorStream, WhatWasWrittenToAPipeOutlivesTheStop) {
  Ends pipe;
  std::string got;
  const pid_t child = ::fork();
  if (child == 0) {
    {
      Reactor reactor;
      reactor.call_when_running([&] {
        auto writer = adopt_pipes({}, std::move(pipe.write));
        writer.write(std::string(100'000, 'x')).detach();
        reactor.stop();
      });
      reactor.run();
    }
    ::_exit(0);
  }
  pipe.write.reset();
  char piece[4096];
  for (ssize_t count; (count = ::read(pipe.read.get(), piece, sizeof piece)) > 0;) got.append(piece, static_cast<std::size_t>(count));
  EXPECT_EQ(got.size(), 100'000u);
  ::waitpid(child, nullptr, 0);
}

TEST(DescriptorStream, ATerminalGoesBothWays) {
  on_reactor([]() -> Deferred<void> {
    Terminal terminal;
    terminal.make_raw();
    auto ours = adopt_terminal(std::move(terminal.ours));
    auto theirs = adopt_terminal(std::move(terminal.theirs));  // as a serial line would be
    co_await ours.write("typed\n");
    EXPECT_EQ(co_await theirs.read_line(), "typed");
    co_await theirs.write("shown\n");
    EXPECT_EQ(co_await ours.read_line(), "shown");
    theirs.close();
    EXPECT_EQ(co_await ours.read_some(), std::nullopt);  // the terminal says EIO
  });
}

TEST(DescriptorStream, ATerminalThatHangsUpEnds) {
  on_reactor([]() -> Deferred<void> {
    Terminal terminal;
    terminal.make_raw();
    auto theirs = adopt_terminal(std::move(terminal.theirs));
    auto read = theirs.read_some();
    terminal.ours.reset();
    EXPECT_EQ(co_await read, std::nullopt);
  });
}

TEST(DescriptorStream, SaysWhatWillNotDo) {
  on_reactor([]() -> Deferred<void> {
    const auto why = [](auto open) -> std::string {
      try {
        static_cast<void>(open());
        return "nothing";
      } catch (const Error& error) {
        return error.what();
      }
    };
    using testing::HasSubstr;
    EXPECT_THAT(why([] { return adopt_pipes(UniqueFd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), {}); }),
                HasSubstr("is a file, which a loop cannot wait for"));
    EXPECT_THAT(why([] { return adopt_pipes({}, {}); }), HasSubstr("needs a descriptor"));
    EXPECT_THAT(why([] { return adopt_socket(std::move(Ends().read)); }), HasSubstr("as a socket: Socket operation on non-socket"));
    EXPECT_THAT(why([] { return adopt_socket(UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))); }),
                HasSubstr("not one of a stream"));
    EXPECT_THAT(why([] {
                  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
                  ::listen(socket.get(), 1);
                  return adopt_socket(std::move(socket));
                }), HasSubstr("socket that listens"));
    co_return;
  });
}

TEST(DescriptorStream, AdoptsASocket) {
  on_reactor([]() -> Deferred<void> {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    auto one = adopt_socket(UniqueFd(ends[0])), other = adopt_socket(UniqueFd(ends[1]));
    co_await one.write("through\n");
    EXPECT_EQ(co_await other.read_line(), "through");
  });
}

TEST(DescriptorStream, MayBeDestroyedAtEveryStep) {
  const auto before = open_descriptors();
  on_reactor([]() -> Deferred<void> {
    for (int turns = 0; turns < 6; ++turns) {
      Ends there, back;
      std::optional one(adopt_pipes(std::move(back.read), std::move(there.write)));
      std::optional other(adopt_pipes(std::move(there.read), std::move(back.write)));
      auto sending = one->write(std::string(200'000, 'x'));
      auto reading = read_all(*other);
      for (int turn = 0; turn < turns; ++turn) co_await sleep(0ms);
      if (turns % 2) { auto dropped = std::move(reading); }
      if (turns % 3) { auto dropped = std::move(sending); }
      if (turns % 2) other.reset();
      one.reset();
      if (sending.fired()) static_cast<void>(sending.take());
      if (turns % 2 == 0) static_cast<void>(co_await as_outcome(std::move(reading)));
    }
    co_await sleep(1ms);
  });
  EXPECT_EQ(open_descriptors(), before);
}

// Standard input and output are the process's: what uses them is a process of its own.
template <class Body>
int in_a_process(int in, int out, Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(in, 0);
    ::dup2(out, 1);
    int status = 1;
    {
      Reactor reactor;
      Deferred<void> main = succeed();
      reactor.call_when_running([&] {
        main = body().then_outcome([&](Outcome<void> outcome) {
          status = outcome ? 0 : 1;
          reactor.stop();
        });
      });
      reactor.run();
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

// As cat; the last of it may still be queued when it ends.
Deferred<void> copy_input() {
  Stream terminal = stdio();
  while (auto piece = co_await terminal.read_some()) co_await terminal.write(*piece);
}

class Stdio : public testing::Test {
 protected:
  void SetUp() override {
#if __has_feature(thread_sanitizer)
    GTEST_SKIP() << "ThreadSanitizer bears no threads begun behind a fork";
#endif
    ASSERT_TRUE(::mkdtemp(folder_));
    in_ = std::string(folder_) + "/in";
    out_ = std::string(folder_) + "/out";
    std::ofstream(in_) << text_;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  static std::string text_of(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
  char folder_[24] = "/tmp/torc-stdio-XXXXXX";
  std::string in_, out_;
  std::string text_ = std::string(700'000, 'x') + "end\n";
};

TEST_F(Stdio, FilesGoThroughThreads) {
  UniqueFd in(::open(in_.c_str(), O_RDONLY | O_CLOEXEC));
  UniqueFd out(::open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  EXPECT_EQ(in_a_process(in.get(), out.get(), copy_input), 0);
  EXPECT_TRUE(text_of(out_) == text_);
}

TEST_F(Stdio, PipesStayBlockingForOthers) {
  Ends in, out;
  EXPECT_EQ(::write(in.write.get(), "piped", 5), 5);
  in.write.reset();
  EXPECT_EQ(in_a_process(in.read.get(), out.write.get(), copy_input), 0);
  EXPECT_EQ(::fcntl(in.read.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl(out.write.get(), F_GETFL) & O_NONBLOCK, 0);
  out.write.reset();
  char got[16];
  EXPECT_EQ(std::string(got, static_cast<std::size_t>(::read(out.read.get(), got, sizeof got))), "piped");
}

TEST_F(Stdio, TerminalsAndSocketsStayBlockingForOthers) {
  Terminal terminal;
  terminal.make_raw();
  EXPECT_EQ(::write(terminal.ours.get(), "typed\n", 6), 6);
  const auto one_line = []() -> Deferred<void> {
    Stream user = stdio();
    auto line = co_await user.read_line();
    co_await user.write("got " + *line + "\n");
  };
  char got[16];
  EXPECT_EQ(in_a_process(terminal.theirs.get(), terminal.theirs.get(), one_line), 0);
  EXPECT_EQ(::fcntl(terminal.theirs.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(std::string(got, static_cast<std::size_t>(::read(terminal.ours.get(), got, sizeof got))), "got typed\n");

  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  UniqueFd here(ends[0]), there(ends[1]);
  EXPECT_EQ(::write(here.get(), "sent\n", 5), 5);
  EXPECT_EQ(in_a_process(there.get(), there.get(), one_line), 0);
  EXPECT_EQ(::fcntl(there.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(std::string(got, static_cast<std::size_t>(::read(here.get(), got, sizeof got))), "got sent\n");
}

}  // namespace
}  // namespace torc
