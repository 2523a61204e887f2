#include <torc/reactor/reactor.hpp>

#include "reactor/completion.hpp"
#include "reactor/course.hpp"
#include "reactor/poller.hpp"
#include "reactor/stall_watch.hpp"
#include "reactor/thread_census.hpp"
#include "reactor/thread_calls.hpp"

#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>
#include <torc/reactor/thread_pool.hpp>

#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <csignal>
#include <utility>
#include <vector>

namespace torc {

namespace {

constexpr Duration kThreadsEndWithin = std::chrono::seconds(1);
constexpr Duration kLookForThreadsEvery = std::chrono::milliseconds(50);
constexpr Duration kLookAgainEvery = std::chrono::seconds(1);

Instant monotonic_now() noexcept {
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return Instant(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

// A write to a connection the peer has closed must be an error, not the end of the process; sendfile
// has no flag for that.
void ignore_broken_pipes() noexcept {
  struct sigaction action;
  if (::sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, nullptr);
  }
}

void call_logged(std::move_only_function<void()>& f, const char* where) noexcept {
  try {
    f();
  } catch (...) {
    detail::report_unhandled(Failure::current(), where);
  }
}

}  // namespace

Reactor::Reactor(ReactorOptions options)
    : options_(options),
      now_(monotonic_now()),
      stall_watch_(std::make_unique<detail::StallWatch>(options.stall_limit)),
      wheel_(now_),
      poller_(detail::make_poller(options.backend)),
      thread_calls_(std::make_shared<detail::ThreadCalls>()),
      read_buffer_(std::make_unique_for_overwrite<char[]>(options.read_buffer)) {
  ignore_broken_pipes();
  if (::getrandom(&random_state_, sizeof random_state_, 0) != sizeof random_state_) {
    random_state_ = static_cast<std::uint64_t>(now_.time_since_epoch().count());
  }
  poller_->add(thread_calls_->fd(), *thread_calls_);
}

Reactor::~Reactor() {
  if (in_turn_) detail::misuse("a Reactor was destroyed by its own work: it is still on the stack");
  if (host_) host_->reactor_gone();
  const Enter enter(this);
  thread_calls_->end_waits();  // before a pool is waited for: its threads may be among those who wait
  // What waits goes before what it waits for: a dropped lookup takes itself out of its pool, and a thread that
  // waits for background work, by a std::future, is released before its pool waits for it.
  drop_background();
  // Each leaves the list before it dies: it may still ask for another.
  while (!services_.empty()) {
    const Service last = std::move(services_.back());
    services_.pop_back();
  }
  drop_background();  // what services left there
  calls_.clear();  // may own ports, which need the poller
  wheel_.drop_all();
  while (detail::Resident* resident = residents_.pop_front()) resident->reactor_gone();
  thread_calls_->refuse_requests();
  thread_pool_.reset();
  name_pool_.reset();
  thread_calls_->close();  // last: what the pools still bring home dies here
}

void Reactor::drop_background() {
  for (const auto& where : background_.drop_all()) {
    log::warning("reactor", "background work detached at " + where + " was cut off");
  }
}

Backend Reactor::backend() const noexcept { return poller_->backend(); }

Reactor* Reactor::current() noexcept { return dynamic_cast<Reactor*>(Scheduler::current()); }

Reactor& Reactor::required(const char* what) noexcept {
  Reactor* reactor = current();
  if (!reactor) detail::misuse(std::string(what) + " needs a running reactor: call it from code run by one");
  return *reactor;
}

Instant Reactor::now() const noexcept { return in_turn_ ? now_ : monotonic_now(); }

Instant Reactor::exact_now() const noexcept { return monotonic_now(); }

WallTime Reactor::wall_now() const noexcept { return std::chrono::system_clock::now(); }

std::uint64_t Reactor::random() noexcept {
  // xorshift64*: fast, and good enough for jitter.
  random_state_ ^= random_state_ >> 12;
  random_state_ ^= random_state_ << 25;
  random_state_ ^= random_state_ >> 27;
  return random_state_ * 0x2545f4914f6cdd1d;
}

void Reactor::run() {
  if (current() || state_ != State::kIdle) {
    detail::misuse("Reactor::run() was called while a reactor runs on this thread");
  }
  poller_->enter();
  const Enter enter(this);
  const detail::RunBy thread(*this);
  state_ = State::kRunning;
  in_turn_ = true;
  stall_watch_->begin();
  begin_turn();
  thread_calls_->accept_waits();
  detail::Course course(*this);
  do {
    course.step();
    turn();
  } while (!course.finished());
  course.end();
  lag_.add(monotonic_now() - now_);
  stall_watch_->end();
  in_turn_ = false;
  state_ = State::kIdle;
  thread_calls_->doze();
  thread_calls_->end_waits();
  poller_->leave();
}

bool Reactor::has_work() const noexcept {
  return !posted_.empty() || !calls_.empty() || !detail::RunQueue::current().empty() || thread_calls_->waiting() ||
         (course_ && course_->due());
}

void Reactor::prepare_to_sleep() noexcept {
  detail::IntrusiveList<detail::BeforeSleep> now;
  now.take(before_sleep_);
  while (detail::BeforeSleep* hook = now.pop_front()) {
    before_sleep_.push_back(*hook);
    detail::current.budget = kBudget;
    hook->before_sleep();
  }
}

void Reactor::turn(bool may_sleep) {
  detail::current.budget = kBudget;
  detail::RunQueue::current().drain();  // what destructors fired
  if (thread_calls_->waiting()) {
    thread_calls_->run_all();
    last_thread_call_ = now_;
  }
  if (!calls_.empty()) run_calls();
  if (!posted_.empty()) run_posted();
  detail::current.budget = kBudget;
  if (wheel_.next_due()) wheel_.advance(now());
  if (!before_sleep_.empty()) prepare_to_sleep();
  Duration limit = time_to_sleep(may_sleep);
  if (limit != Duration::zero()) stall_watch_->turn_ended();
  if (limit == Duration::zero() || options_.spin == Duration::zero() || !spin(limit)) {
    if (limit != Duration::zero() && !thread_calls_->doze()) limit = Duration::zero();
    poller_->wait(limit);
    thread_calls_->wake();
  }
  begin_turn();
  poller_->dispatch();
}

// Whether something came while it looked.
bool Reactor::spin(Duration limit) noexcept {
  thread_calls_->wake();
  const Duration time = limit < Duration::zero() ? options_.spin : std::min(options_.spin, limit);
  const Instant end = monotonic_now() + time;
  do {
    if (poller_->wait(Duration::zero()) || thread_calls_->waiting()) return true;
  } while (monotonic_now() < end);
  return false;
}

// Negative: until something happens.
Duration Reactor::time_to_sleep(bool may_sleep) noexcept {
  if (!may_sleep) return Duration::zero();
  // Callbacks may have taken long: the time of the turn is no measure for what is left.
  const Instant end = monotonic_now();
  lag_.add(end - now_);
  if (has_work()) return Duration::zero();
  if (const auto due = wheel_.next_due()) return *due > end ? *due - end : Duration::zero();  // it may lie before all time
  if (!somebody_waits_at_a_channel()) [[likely]] return Duration(-1);
  if (nobody_can_wake()) {
    detail::current.budget = kBudget;
    end_deadlock();
    return Duration::zero();
  }
  if (host_ || !at_rest()) return Duration(-1);
  // Only another thread could help, and nobody tells when the last of them ends: look now and then.
  return end - last_thread_call_ < kThreadsEndWithin ? kLookForThreadsEvery : kLookAgainEvery;
}

bool Reactor::nobody_can_wake() const noexcept {
  return !host_ && at_rest() && !detail::others_may_act() && !thread_calls_->waiting();
}

bool Reactor::at_rest() const noexcept {
  const detail::CompletionIo* const io = poller_->completion();
  return watched_ == watched_at_rest_ && before_sleep_.empty() && (!io || io->active() == 0);
}

void Reactor::begin_turn() noexcept {
  detail::current.turn_began = now_ = monotonic_now();
  stall_watch_->turn_began(now_);
}

void Reactor::run_calls() noexcept {
  for (auto& call : std::exchange(calls_, {})) {
    detail::current.budget = kBudget;
    const ContextScope scope(std::move(call.context));
    call_logged(call.function, "in call_when_running");
  }
}

void Reactor::run_posted() noexcept {
  detail::IntrusiveList<detail::Posted> now;
  now.take(posted_);
  while (detail::Posted* work = now.pop_front()) {
    detail::current.budget = kBudget;
    Scheduler::run(*work);
  }
}

void Reactor::stop() noexcept {
  detail::check_thread(this, "Reactor::stop() was called");
  if (state_ == State::kRunning) state_ = State::kEnding;
  wake_host();
}

void Reactor::crash() noexcept {
  detail::check_thread(this, "Reactor::crash() was called");
  if (state_ != State::kIdle) state_ = State::kLeaving;
  wake_host();
}

void Reactor::call_when_running(std::move_only_function<void()> f) {
  detail::check_thread(this, "Reactor::call_when_running() was called");
  calls_.push_back({Context::current(), std::move(f)});
  wake_host();
}

void Reactor::call_from_thread(std::move_only_function<void()> f) {
  detail::keep_context(f);
  thread_calls_->request(std::move(f));
}

std::shared_ptr<detail::ThreadDoor> Reactor::thread_door() const noexcept { return thread_calls_; }

ThreadPool& Reactor::thread_pool() {
  if (!thread_pool_) {
    thread_pool_ = std::make_unique<ThreadPool>(
        ThreadPoolOptions{.name = "torc-threads", .max = options_.threads, .queue_limit = 4096});
  }
  return *thread_pool_;
}

ThreadPool& Reactor::name_pool() {
  if (!name_pool_) {
    // A lookup that hangs must not hold up the end of the program.
    name_pool_ = std::make_unique<ThreadPool>(
        ThreadPoolOptions{.name = "torc-names", .max = 8, .queue_limit = 4096, .wait_for_running = false});
  }
  return *name_pool_;
}

detail::CompletionIo* Reactor::completion() noexcept { return poller_->completion(); }

void Reactor::watch(int fd, detail::Watch& watch) {
  detail::check_thread(this, "Reactor::watch() was called");
  poller_->add(fd, watch);
  ++watched_;
  if (host_ && !in_turn_) poller_->flush();
}

void Reactor::watch_writing(int fd, detail::Watch& watch) noexcept { poller_->add_writing(fd, watch); }

void Reactor::unwatch(int fd, detail::Watch& watch) noexcept {
  detail::check_thread(this, "Reactor::unwatch() was called");
  poller_->remove(fd, watch);
  --watched_;
}

}  // namespace torc
