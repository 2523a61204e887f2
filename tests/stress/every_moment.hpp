// at_every_moment: owners that go away at any moment.
//
// Each case is a coroutine or a fiber with its peers on one reactor. It is run again and again; in run N something is
// taken away after N turns of the loop, or inside its N-th step: the owner of the case, its peers, all of them, or the
// reactor stops. Nothing may be called, used, leaked or left open after that. A sanitizer sees most of what could go
// wrong; the rest is checked here.
#pragma once

#include <torc/torc.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace torc::stress {

using namespace std::chrono_literals;

constexpr const char* kAnywhere = "tcp:0:address=127.0.0.1";
constexpr int kQuietTurns = 25;  // after the end of a run, for what should not come any more

inline std::ptrdiff_t open_descriptors() { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); }

enum class Taken {
  kOwner,
  kOwnerByCancelling,
  kOwnerCancelledAndDropped,
  kPeers,
  kEverything,
  kEverythingByCancelling,
  kReactor,
  kCount,
};
enum class When { kAfterTurns, kInsideStep };

inline std::string name_of(Taken taken) {
  switch (taken) {
    case Taken::kOwner: return "the owner is dropped";
    case Taken::kOwnerByCancelling: return "the owner is cancelled";
    case Taken::kOwnerCancelledAndDropped: return "the owner is cancelled and dropped";
    case Taken::kPeers: return "the peers are dropped";
    case Taken::kEverything: return "the peers and the owner are dropped";
    case Taken::kEverythingByCancelling: return "the owner is cancelled and the peers are dropped";
    case Taken::kReactor: return "the reactor stops";
    case Taken::kCount: break;
  }
  return "?";
}

// One run of a case.
class World {
 public:
  World(Taken taken, When when, int n) : taken_(taken), when_(when), n_(n) {}

  // For cases.

  /// Says that code of the case runs; also a moment at which things may be taken away.
  void step() {
    if (gone_from_outside_) ADD_FAILURE() << "the owner's code ran after it was dropped";
    peer_step();
  }
  /// The same for code that belongs to a peer.
  void peer_step() {
    if (when_ == When::kInsideStep && ++steps_ == n_) take();
  }
  /// Keeps `peer` until the peers are dropped.
  template <class P>
  P& keep(P peer) {
    auto kept = std::make_shared<P>(std::move(peer));
    P& result = *kept;
    peers_.push_back(std::move(kept));
    return result;
  }
  template <class... Handler>
  Deferred<Port*> port(Handler... handler) {
    Port port = co_await listen(kAnywhere, std::move(handler)...);
    co_return &keep(std::move(port));
  }
  /// The next turn of the loop.
  Deferred<void> turn() {
    auto [deferred, promise] = make_deferred<void>();
    reactor_.call_when_running([promise = std::move(promise)]() mutable { promise.set_value(); });
    return std::move(deferred);
  }
  bool has_peers() const { return !peers_.empty(); }
  void drop_peers() {
    while (!peers_.empty()) {
      const auto last = std::move(peers_.back());
      peers_.pop_back();
    }
  }

  /// False when the case had ended before anything was taken away.
  bool run(const std::function<Deferred<void>(World&)>& start) {
    reactor_.call_when_running([&] {
      auto started = start(*this).then_outcome([this](Outcome<void> outcome) {
        ended_ = true;
        if (!outcome && !happened_) ADD_FAILURE() << outcome.error().report();
      });
      if (drop_owner_later_) return;
      owner_.emplace(std::move(started));
    });
    watch_turns();
    reactor_.run();
    const Scheduler::Enter enter(&reactor_);
    drop_peers();
    owner_.reset();
    return happened_;
  }

 private:
  void watch_turns() {
    reactor_.call_when_running([this] {
      if (when_ == When::kAfterTurns && turns_ == n_ && !ended_) take();
      // What was dropped inside a ContextScope must not have left its context here.
      EXPECT_TRUE(Context::current().empty());
      ++turns_;
      const bool waits = taken_ == Taken::kOwnerByCancelling && happened_ && !ended_;
      quiet_ = happened_ || ended_ ? quiet_ + !waits : 0;
      if (quiet_ > kQuietTurns) return reactor_.crash();
      if (reactor_.now() > begun_ + 20s) {
        ADD_FAILURE() << "still going on after 20 s";
        return reactor_.crash();
      }
      if (!stopped_) watch_turns();
    });
  }

  void take() {
    happened_ = true;
    switch (taken_) {
      case Taken::kOwner: return drop_owner();
      case Taken::kOwnerByCancelling:
        if (owner_) owner_->cancel();
        else ended_ = drop_owner_later_ = true;
        return;
      case Taken::kOwnerCancelledAndDropped:
        if (owner_) owner_->cancel();
        return drop_owner();
      case Taken::kPeers: return drop_peers();
      case Taken::kEverything:
        drop_peers();
        return drop_owner();
      case Taken::kEverythingByCancelling:
        if (owner_) owner_->cancel();
        drop_peers();
        return drop_owner();
      case Taken::kReactor:
        stopped_ = true;
        return reactor_.stop();
      case Taken::kCount: return;
    }
  }
  void drop_owner() {
    if (!owner_) {
      drop_owner_later_ = true;
      return;
    }
    auto owner = *std::move(owner_);
    owner_.reset();
    gone_from_outside_ = when_ == When::kAfterTurns;
  }

  const Taken taken_;
  const When when_;
  const int n_;
  Reactor reactor_{{.read_buffer = 32 * 1024, .shutdown_limit = 1s}};
  const Instant begun_ = reactor_.now();
  std::vector<std::shared_ptr<void>> peers_;
  std::optional<Deferred<void>> owner_;
  int turns_ = 0;
  int steps_ = 0;
  int quiet_ = 0;
  bool happened_ = false;
  bool ended_ = false;
  bool stopped_ = false;
  bool gone_from_outside_ = false;
  bool drop_owner_later_ = false;
};

using Case = std::function<Deferred<void>(World&)>;

// Runs `start` with everything taken away at every moment.
inline void at_every_moment(const Case& start) {
  const log::ScopedSink scope{std::make_shared<log::CaptureSink>()};  // failures that nobody hears of are no news here
  const auto before = open_descriptors();
  for (const When when : {When::kAfterTurns, When::kInsideStep}) {
    for (int taken = 0; taken < static_cast<int>(Taken::kCount); ++taken) {
      int n = when == When::kAfterTurns ? 0 : 1;
      for (bool more = true; more && !::testing::Test::HasFailure();) {
        SCOPED_TRACE(name_of(static_cast<Taken>(taken)) + (when == When::kAfterTurns ? " after turn " : " in step ") +
                     std::to_string(n));
        {
          World world(static_cast<Taken>(taken), when, n);
          more = world.run(start);
        }
        // A thread of a pool may hold the way back to its reactor a moment longer.
        for (int i = 0; i < 2000 && open_descriptors() != before; ++i) std::this_thread::sleep_for(1ms);
        EXPECT_EQ(open_descriptors(), before);
        n += 1 + n / 6;  // what waits for time takes many turns
      }
    }
  }
}

// What cases wait for: so many turns, a step before each.
inline Deferred<int> slow(World& world, int turns) {
  for (int i = 0; i < turns; ++i) {
    world.step();
    co_await world.turn();
  }
  co_return turns;
}
inline Deferred<int> failing(World& world, int turns) {
  co_await slow(world, turns);
  throw Error("as planned");
}

inline UniqueFd temporary_file(std::size_t size) {
  UniqueFd file(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
  return file;
}

}  // namespace torc::stress
