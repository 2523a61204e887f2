// Guest: another loop that a reactor drives, without a polling timer.
//
// What such a loop waits for is behind one descriptor of its own. The reactor watches that, and once a
// turn, before it may sleep, gives the loop its chance: it runs at most one iteration and says when it
// wants the next. The reactor is told edges only, and what the loop left unread makes none: once there
// was one, the descriptor is looked at after each iteration until it is not readable any more.
//
// Each guest derives from this. One thread: the reactor's.
#pragma once

#include <torc/reactor/reactor.hpp>

#include <poll.h>

#include <optional>
#include <utility>

namespace torc::host {

class Guest : detail::Watch, detail::BeforeSleep, detail::Timer, detail::Posted, detail::Resident {
 public:
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

 protected:
  Guest(Reactor& reactor, int fd) : reactor_(&reactor), fd_(fd) {
    reactor.watch(fd, *this);
    reactor.call_before_sleep(*this);
    reactor.house(*this);
    reactor.post(*this);
  }
  virtual ~Guest() {
    leave();
    if (gone_) *gone_ = true;
  }

  /// Runs what is ready, at most one iteration; `woken` when the descriptor or the time says that there is
  /// something. Returns how long nothing is to be done unless the descriptor says so (negative: for ever;
  /// zero: there is more), or nothing when the loop waits for nothing at all. May destroy this object:
  /// `gone` is then true, and the result is ignored. Foreign frames go inside a detail::Firing, so that
  /// what their callbacks fire runs when they have returned.
  virtual std::optional<Duration> iterate(bool woken, const bool& gone) noexcept = 0;
  /// The reactor is gone: nothing will be called any more.
  virtual void left() noexcept {}

 private:
  void leave() noexcept {
    if (Reactor* reactor = std::exchange(reactor_, nullptr)) reactor->unwatch(fd_, *this);
    BeforeSleep::unlink();
    Timer::disarm();
    Posted::unlink();
    Resident::unlink();
  }
  bool readable() const noexcept {
    pollfd look{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&look, 1, 0) > 0;
  }

  void ready(detail::Readiness) noexcept override {
    edge_ = true;
    wake();
  }
  detail::Readiness awaited() const noexcept override { return {.readable = !edge_}; }
  void expire() noexcept override { woken_ = true; }  // before_sleep() comes later in this turn
  void run() noexcept override {}                      // posted only so that the loop does not sleep
  void wake() noexcept {
    woken_ = true;
    if (reactor_) reactor_->post(*this);
  }
  void reactor_stopping() noexcept override {}
  void reactor_gone() noexcept override {
    leave();
    left();
  }

  void before_sleep() noexcept override {
    bool gone = false;
    gone_ = &gone;
    const std::optional<Duration> wait = iterate(std::exchange(woken_, false), gone);
    if (gone) return;
    gone_ = nullptr;
    if (!wait) return Timer::disarm();
    if (edge_) edge_ = readable();
    if (edge_ || *wait == Duration::zero()) {
      Timer::disarm();
      wake();
    } else if (*wait < Duration::zero()) {
      Timer::disarm();
    } else {
      reactor_->arm(*this, reactor_->after(*wait));
    }
  }

  Reactor* reactor_;  // null when it is gone
  const int fd_;
  bool woken_ = true;
  bool edge_ = false;
  bool* gone_ = nullptr;  // while iterating: tells before_sleep() of our end
};

}  // namespace torc::host
