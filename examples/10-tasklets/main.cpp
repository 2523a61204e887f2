// Tasklets meet a protocol: over a channel, and over a Deferred, timed against each other.
//
//   10-tasklets [MESSAGES]
//
// A protocol is called with the bytes that come. The tasklet (a fiber) that answers them is code that looks blocking.
#include <torc/torc.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Both wait for each other at a channel.
class OverChannel : public torc::Protocol {
  void connection_made() override {
    tasks_.spawn_fiber([this] {
      while (auto message = torc::await(messages_.next())) transport().write(*message);
    });
  }
  void data_received(std::string_view data) override { tasks_.spawn(messages_.send(std::string(data))); }

  torc::Channel<std::string> messages_;
  torc::TaskGroup tasks_;  // declared after what the fibers use
};

// The tasklet asks for a Deferred, which the protocol fires.
class OverDeferred : public torc::Protocol {
  void connection_made() override {
    tasks_.spawn_fiber([this] {
      for (;;) transport().write(torc::await(next()));
    });
  }
  void data_received(std::string_view data) override {
    if (wanted_) return std::exchange(wanted_, std::nullopt)->set_value(std::string(data));
    early_ += data;
  }
  torc::Deferred<std::string> next() {
    if (!early_.empty()) return torc::succeed(std::exchange(early_, {}));
    auto [message, promise] = torc::make_deferred<std::string>();
    wanted_ = std::move(promise);
    return std::move(message);
  }

  std::optional<torc::Promise<std::string>> wanted_;
  std::string early_;
  torc::TaskGroup tasks_;
};

// Sends a message and waits for its echo, again and again.
void talk(const torc::Port& port, int messages) {
  torc::Stream stream = torc::await(torc::connect("tcp:" + port.address().str()));
  for (int i = 0; i < messages; ++i) {
    const std::string message = "message " + std::to_string(i);
    torc::await(stream.write(message));
    if (torc::await(stream.read_exactly(message.size())) != message) throw torc::Error("another echo than " + message);
  }
}

template <class Protocol>
void measure(const char* how, int messages) {
  constexpr int kTalkers = 4;
  const torc::Port port = torc::await(torc::listen("tcp:0:address=127.0.0.1", torc::factory<Protocol>()));
  const auto begun = std::chrono::steady_clock::now();
  torc::TaskGroup talkers;
  for (int i = 0; i < kTalkers; ++i) talkers.spawn_fiber([&] { talk(port, messages / kTalkers); });
  torc::await(talkers.join());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::printf("%-15s %8.0f messages/s\n", how, messages / took.count());
}

int main(int argc, char** argv) {
  const int messages = argc > 1 ? std::atoi(argv[1]) : 20'000;
  return torc::run([messages] {
    return torc::defer_to_fiber([messages] {
      measure<OverChannel>("over a channel", messages);
      measure<OverDeferred>("over a Deferred", messages);
    });
  });
}
