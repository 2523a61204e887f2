// Reactor: the loop.
//
//   torc::Reactor reactor;
//   reactor.call_when_running([&] { ...; reactor.stop(); });
//   reactor.run();                       // asleep in the kernel while there is nothing to do
//
// One thread runs a reactor, and everything that belongs to it is used on that thread. The doors from others
// are call_from_thread, what waits for an answer through it (blocking_call_from_thread, BackgroundReactor) and
// the results of thread pools. A turn of the loop:
//
//   posted calls (those queued at its start) -> due timers -> poll -> what became ready
//
// Instead of run() another loop may run it (torc/reactor/hosting.hpp, torc/host/).
// The clock is read as a turn begins, which is what now() gives, and once more before the loop may sleep. A
// callback that throws is logged and the loop goes on. A Reactor is an object, not a global: several may exist,
// one running per thread; Reactor::current() is that one.
#pragma once

#include <torc/async/affinity.hpp>
#include <torc/async/background.hpp>
#include <torc/async/scheduler.hpp>
#include <torc/reactor/backend.hpp>
#include <torc/reactor/interfaces.hpp>
#include <torc/reactor/loop_lag.hpp>
#include <torc/reactor/system_events.hpp>
#include <torc/reactor/thread_door.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace torc {

template <class T>
class Deferred;

namespace detail {

/// What a watched descriptor is ready for.
struct Readiness {
  bool readable = false;
  bool writable = false;
  bool hung_up = false;  // the peer will send no more
  bool broken = false;   // both directions are gone, or an error is pending: reading tells which
};

/// Something that waits for a descriptor. Told edges only: after each it must read or write until
/// that would block (a short read counts).
class Watch {
 public:
  virtual void ready(Readiness readiness) noexcept = 0;
  /// Which edges would be news: what was found blocked since it was last told. Asked when the watching begins,
  /// and before each sleep by a poller whose kernel knows levels only (poll). The default is told again and
  /// again while a level lasts, and keeps such a loop awake.
  virtual Readiness awaited() const noexcept { return {.readable = true, .writable = true}; }

 protected:
  ~Watch() = default;
};

/// Something that must see to its own affairs before the loop sleeps, such as a loop that runs inside it.
/// Destroying it leaves the reactor.
class BeforeSleep : public ListHook {
 public:
  /// Called once a turn. May post, arm timers, run user code and destroy itself.
  virtual void before_sleep() noexcept = 0;

 protected:
  ~BeforeSleep() = default;
};

/// Who runs a reactor that does not run itself (Hosting).
class Host {
 public:
  /// The reactor has something to do at `due`, which it may not know of.
  virtual void wake_at(Instant due) noexcept = 0;
  /// The reactor is being destroyed.
  virtual void reactor_gone() noexcept = 0;

 protected:
  ~Host() = default;
};

/// Something that lives on a reactor and must end when it stops.
class Resident : public ListHook {
 public:
  virtual void reactor_stopping() noexcept = 0;
  /// The reactor is being destroyed: what nobody owns ends here. Calls nobody.
  virtual void reactor_gone() noexcept {}

 protected:
  ~Resident() = default;
};

class CompletionIo;
class Course;
class Poller;
class StallWatch;
class ThreadCalls;
int run_main(std::move_only_function<Deferred<int>()> main);

/// Its address stands for the type T. Not const, so that no linker merges two.
template <class T>
inline char service_type = 0;

}  // namespace detail

class Hosting;
class ThreadPool;

struct ReactorOptions {
  /// What the loop waits with; nothing: what TORC_BACKEND names, else epoll. One that cannot be had here is
  /// replaced by epoll, with a line in the log.
  std::optional<Backend> backend = std::nullopt;
  /// How long the loop looks for work before it sleeps. What comes meanwhile finds it awake, which saves the
  /// tens of microseconds a sleeping processor takes to start; the price is a processor that is busy while
  /// the program waits. Zero: sleeps at once. Nothing for a hosted reactor, which never sleeps.
  Duration spin = Duration::zero();
  /// Bytes a single read may bring; shared by all connections of the reactor.
  std::size_t read_buffer = 256 * 1024;
  /// How long stopping may take: waiting for the triggers before it, then for background work that was cancelled.
  Duration shutdown_limit = std::chrono::seconds(10);
  /// Threads at most in the pool behind defer_to_thread.
  std::size_t threads = 10;
  /// A turn of the loop that lasts longer is reported while it does, once: what holds it, the stack, the task
  /// and who waits for it. Zero: no watching. (docs/howto/finding-what-blocks.md)
  Duration stall_limit = std::chrono::milliseconds(100);
};

class Reactor final : public Scheduler,
                      public SystemEvents,
                      public FromThreads,
                      public Threads,
                      public DescriptorSet {
 public:
  explicit Reactor(ReactorOptions options = {});
  /// Drops what is left, logging where it was detached. No user code but destructors runs.
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  /// The reactor whose work this thread is running, or null.
  static Reactor* current() noexcept;
  /// As current(); having none is a programming error, reported with `what` wanted it.
  static Reactor& required(const char* what) noexcept;

  /// Runs the loop on this thread until stop(). A reactor may be run again afterwards.
  /// Calling it inside a running reactor's work is a programming error. On io_uring it throws SystemError
  /// when the kernel has no memory for a ring.
  void run();
  /// Ends run() in order: the triggers before the shutdown are called and waited for up to the limit
  /// (system_events.hpp); what is pending on the reactor fails with ReactorStopped while the loop still turns,
  /// background work is cancelled and waited for up to the limit again. Does nothing when not running.
  void stop() noexcept;
  /// Ends run() after the current turn, without the order of stop().
  void crash() noexcept;
  bool running() const noexcept { return state_ != State::kIdle; }
  /// Running, and stop() was not called.
  bool serving() const noexcept { return state_ == State::kRunning; }

  /// Calls `f` in the next turn, or in the first one when the reactor is not running yet.
  void call_when_running(std::move_only_function<void()> f);
  /// Calls `f` on the reactor's thread, in order of the calls. From any thread, at any time.
  void call_from_thread(std::move_only_function<void()> f) override;

  /// What the loop waits with.
  Backend backend() const noexcept;

  /// How long the turns took so far. The turn that runs is not in it.
  LoopLag loop_lag() const noexcept { return lag_; }

  /// The one T of this reactor, made when it is first asked for: what everything on a reactor shares, such
  /// as a pool of connections. Destroyed in ~Reactor behind the background work, last made first, with the reactor
  /// current. A T must not keep the reactor from stopping.
  template <class T>
  T& service() {
    for (auto& each : services_) {
      if (each.type == &detail::service_type<T>) return *static_cast<T*>(each.object.get());
    }
    auto* made = new T();
    services_.push_back({&detail::service_type<T>, {made, [](void* object) { delete static_cast<T*>(object); }}});
    return *made;
  }

  Instant now() const noexcept override;
  Instant exact_now() const noexcept override;
  WallTime wall_now() const noexcept override;
  std::uint64_t random() noexcept override;
  void arm(detail::Timer& timer, Instant due) noexcept override {
    detail::check_thread(this, "a timer was set (call_later, sleep, a time limit)");
    wheel_.arm(timer, due, now());
    if (host_) [[unlikely]] host_->wake_at(due);
  }
  void post(detail::Posted& work) noexcept override {
    detail::check_thread(this, "work was posted");
    posted_.push_back(work);
    if (host_) [[unlikely]] host_->wake_at(Instant::min());
  }
  detail::Background& background() noexcept override { return background_; }

  // For transports, in any module above.

  void watch(int fd, detail::Watch& watch) override;
  void watch_writing(int fd, detail::Watch& watch) noexcept override;
  void unwatch(int fd, detail::Watch& watch) noexcept override;
  /// Input and output by completion (src/reactor/completion.hpp): null on what tells readiness only.
  detail::CompletionIo* completion() noexcept;
  /// Where reads go; valid until the callback that got the bytes returns.
  std::span<char> read_buffer() noexcept { return {read_buffer_.get(), options_.read_buffer}; }
  /// For what may outlive the reactor on another thread.
  std::shared_ptr<detail::ThreadDoor> thread_door() const noexcept;
  /// The pool behind defer_to_thread, made when it is first asked for. ~Reactor waits for what runs in it.
  ThreadPool& thread_pool() override;
  /// The pool for looking up names: separate, so that slow lookups delay nothing else.
  ThreadPool& name_pool();
  /// Keeps `resident` until it unlinks itself; told when the reactor stops.
  void house(detail::Resident& resident) noexcept { residents_.push_back(resident); }
  /// Calls `hook` once a turn, before the loop may sleep, until it is destroyed or unlinked.
  void call_before_sleep(detail::BeforeSleep& hook) noexcept { before_sleep_.push_back(hook); }

 private:
  friend class Hosting;
  friend class detail::Course;
  friend int detail::run_main(std::move_only_function<Deferred<int>()> main);
  enum class State { kIdle, kRunning, kEnding, kStopping, kLeaving };  // src/reactor/course.hpp
  struct Service {
    const void* type;
    std::unique_ptr<void, void (*)(void*)> object;
  };

  struct Call {
    Context context;
    std::move_only_function<void()> function;
  };

  void turn(bool may_sleep = true);
  void begin_turn() noexcept;
  bool has_work() const noexcept;
  Duration time_to_sleep(bool may_sleep) noexcept;
  bool nobody_can_wake() const noexcept;
  /// Nothing outside is waited for but what is always there.
  bool at_rest() const noexcept;
  void prepare_to_sleep() noexcept;
  bool spin(Duration limit) noexcept;
  void wake_host() noexcept {
    if (host_) host_->wake_at(Instant::min());
  }
  void run_calls() noexcept;
  void run_posted() noexcept;
  void drop_background();

  ReactorOptions options_;
  State state_ = State::kIdle;
  bool in_turn_ = false;         // false between the dispatches of a hosted reactor, too
  detail::Host* host_ = nullptr;
  detail::Course* course_ = nullptr;  // of whoever turns us
  Instant now_;  // of this turn
  LoopLag lag_;
  std::size_t watched_ = 0;          // descriptors that others gave us
  std::size_t watched_at_rest_ = 0;  // of these, what is always there and means nothing
  Instant last_thread_call_{};
  std::unique_ptr<detail::StallWatch> stall_watch_;
  detail::TimerWheel wheel_;
  detail::IntrusiveList<detail::Posted> posted_;
  std::vector<Call> calls_;
  detail::IntrusiveList<detail::Resident> residents_;
  detail::IntrusiveList<detail::BeforeSleep> before_sleep_;
  detail::Background background_;
  std::unique_ptr<detail::Poller> poller_;
  std::shared_ptr<detail::ThreadCalls> thread_calls_;
  std::unique_ptr<ThreadPool> thread_pool_;
  std::unique_ptr<ThreadPool> name_pool_;
  std::unique_ptr<char[]> read_buffer_;
  std::vector<Service> services_;  // few: found by looking at each
  std::uint64_t random_state_;
};

}  // namespace torc
