#include <torc/reactor/hosting.hpp>

#include "reactor/course.hpp"
#include "reactor/poller.hpp"
#include "reactor/stall_watch.hpp"
#include "reactor/thread_calls.hpp"

#include <torc/base/errors.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/reactor/reactor.hpp>

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace torc {

// The poller's own descriptor is what the other loop watches. A timerfd among what it watches makes that
// readable for what is no descriptor: the next timer, posted work. It is set again only when that moment changes.
struct Hosting::State final : detail::Host, detail::Watch, detail::ListHook {
  State(Reactor& reactor, std::move_only_function<void()> ended)
      : reactor(&reactor),
        timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
        ended(std::move(ended)) {
    if (!timer) throw SystemError("creating a timerfd", errno);
    fd = reactor.poller_->enter_hosted();
    try {
      reactor.watch(timer.get(), *this);
    } catch (...) {
      reactor.poller_->leave();
      throw;
    }
    reactor.host_ = this;
    reactor.state_ = Reactor::State::kRunning;
    course.emplace(reactor);
    thread.emplace(reactor);
    reactor.stall_watch_->begin();
    reactor.thread_calls_->accept_waits();
    here().push_back(*this);
    detail::RunQueue::current().call_when_left(&wake_one);
    set_timer();
  }
  ~State() { leave(); }

  // The hosted reactors of this thread, which share its run queue.
  static detail::IntrusiveList<State>& here() noexcept {
    static thread_local detail::IntrusiveList<State> hosted;
    return hosted;
  }
  static void wake_one() noexcept {
    if (State* any = here().front()) any->wake_at(Instant::min());
  }

  void wake_at(Instant due) noexcept override {
    // What dispatch() leaves to do is seen at its end.
    if (!reactor->in_turn_ && due < set) set_timer(due);
  }

  void reactor_gone() noexcept override { end(); }

  // Nothing is read: its edge has been collected, and the next setting makes another.
  void ready(detail::Readiness) noexcept override { set = Instant::max(); }

  void set_timer() noexcept {
    const Instant due = reactor->has_work() ? Instant::min() : reactor->wheel_.next_due().value_or(Instant::max());
    if (due != set) set_timer(due);
  }
  void set_timer(Instant due) noexcept {
    set = due;
    itimerspec at{};
    if (due != Instant::max()) {
      const auto since = std::max<Duration::rep>(due.time_since_epoch().count(), 1);  // zero would disarm
      at.it_value.tv_sec = since / 1'000'000'000;
      at.it_value.tv_nsec = since % 1'000'000'000;
    }
    ::timerfd_settime(timer.get(), TFD_TIMER_ABSTIME, &at, nullptr);
  }

  void leave() noexcept {
    if (!reactor) return;
    Reactor* const left = reactor;
    reactor->unwatch(timer.get(), *this);
    reactor->stall_watch_->end();
    thread.reset();
    reactor->state_ = Reactor::State::kIdle;
    reactor->thread_calls_->end_waits();
    reactor->host_ = nullptr;
    reactor->course_ = nullptr;
    reactor = nullptr;
    unlink();
    left->poller_->leave();
    if (here().empty()) detail::RunQueue::current().call_when_left(nullptr);
  }

  void end() noexcept {
    leave();
    course.reset();
    if (auto tell = std::exchange(ended, {})) tell();
  }

  Reactor* reactor;  // null when hosting has ended
  int fd = -1;
  UniqueFd timer;
  Instant set = Instant::max();  // what the timer is set to; the maximum when it is not
  std::optional<detail::Course> course;
  std::optional<detail::RunBy> thread;
  std::move_only_function<void()> ended;
};

namespace {

Reactor& idle(Reactor& reactor) noexcept {
  if (reactor.running()) detail::misuse("a Reactor was given to a host while it runs, or is hosted already");
  return reactor;
}

}  // namespace

Hosting::Hosting(Reactor& reactor, std::move_only_function<void()> ended)
    : state_(std::make_shared<State>(idle(reactor), std::move(ended))) {}

Hosting::~Hosting() { state_->leave(); }

int Hosting::fd() const noexcept { return state_->fd; }

bool Hosting::dispatching() const noexcept { return state_->reactor && state_->reactor->in_turn_; }

bool Hosting::active() const noexcept { return state_->reactor != nullptr; }

void Hosting::dispatch() noexcept {
  const std::shared_ptr<State> state = state_;  // a callback may destroy this object
  if (!state->reactor || state->reactor->in_turn_) return;
  Reactor& reactor = *state->reactor;
  // We may be below work of another reactor, whose task and context are not ours.
  const detail::Current before = std::exchange(detail::current, {.scheduler = &reactor, .budget = Scheduler::kBudget});
  reactor.in_turn_ = true;
  reactor.begin_turn();
  const Instant began = reactor.now_;
  state->course->step();
  if (state->reactor) reactor.turn(false);
  const bool over = state->reactor && state->course->finished();
  if (over) state->course->end();
  reactor.lag_.add(reactor.exact_now() - began);
  reactor.stall_watch_->turn_ended();
  reactor.in_turn_ = false;
  detail::current = before;
  if (!state->reactor) return;
  if (over) {
    state->end();
  } else {
    static_cast<void>(reactor.thread_calls_->doze());  // a call that is there already counts as work
    state->set_timer();
    reactor.poller_->flush();
  }
}

}  // namespace torc
