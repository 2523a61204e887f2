// The poller on poll(2), which tells levels: what it made of them must be edges.
//
// Before each sleep every watch says which edges it waits for; only these, and first ones, are asked for.
// A watch that was told of data and does not read it waits for none, and the loop sleeps. What can never be
// news again is left out for good: the peer's end, once told, and a broken descriptor nobody waits for.
#include "reactor/poller.hpp"

#include <torc/base/errors.hpp>

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif

namespace torc::detail {

namespace {

class PollPoller final : public Poller {
 public:
  Backend backend() const noexcept override { return Backend::kPoll; }
  int enter_hosted() override {
    throw Error("a reactor on poll cannot run inside another loop, which would need one descriptor that stands for "
                "all: choose Backend::kEpoll or Backend::kUring");
  }

  void add(int fd, Watch& watch) override {
    check_watchable(fd);
    const auto place = static_cast<std::size_t>(fd);
    if (place >= place_of_.size()) place_of_.resize(place + 1, kNowhere);
    if (place_of_[place] != kNowhere) throw SystemError("watching descriptor " + std::to_string(fd), EEXIST);
    asked_.reserve(asked_.size() + 1);  // so that both grow or none
    slots_.push_back({.watch = &watch, .fd = fd});
    asked_.push_back({.fd = fd});
    place_of_[place] = slots_.size() - 1;
  }

  void remove(int fd, Watch& watch) noexcept override {
    const std::size_t place = std::exchange(place_of_[static_cast<std::size_t>(fd)], kNowhere);
    if (place != slots_.size() - 1) {
      slots_[place] = slots_.back();
      asked_[place] = asked_.back();
      place_of_[static_cast<std::size_t>(slots_[place].fd)] = place;
    }
    slots_.pop_back();
    asked_.pop_back();
    // Part of the batch may still be to come.
    for (auto& each : found_) {
      if (each.watch == &watch && each.fd == fd) each.watch = nullptr;
    }
  }

  bool wait(Duration limit) noexcept override {
    for (std::size_t i = 0; i < slots_.size(); ++i) ask(slots_[i], asked_[i]);
    int left = ::poll(asked_.data(), asked_.size(), milliseconds_up(limit));
    found_.clear();
    for (std::size_t i = 0; left > 0 && i < slots_.size(); ++i) {
      const short events = asked_[i].revents;
      if (events == 0) continue;
      --left;
      slots_[i].told_readable |= (events & POLLIN) != 0;
      slots_[i].told_end |= (events & (POLLRDHUP | POLLHUP)) != 0;
      slots_[i].told_broken |= (events & (POLLHUP | POLLERR | POLLNVAL)) != 0;
      found_.push_back({slots_[i].watch, slots_[i].fd, events});
    }
    return !found_.empty();
  }

  void dispatch() noexcept override {
    for (std::size_t next = 0; next < found_.size(); ++next) {
      const Found found = found_[next];
      if (!found.watch) continue;
      current.budget = Scheduler::kBudget;
      found.watch->ready({.readable = (found.events & POLLIN) != 0,
                          .writable = (found.events & POLLOUT) != 0,
                          .hung_up = (found.events & (POLLRDHUP | POLLHUP)) != 0,
                          .broken = (found.events & (POLLHUP | POLLERR | POLLNVAL)) != 0});
    }
    found_.clear();
  }

 private:
  static constexpr std::size_t kNowhere = SIZE_MAX;

  struct Slot {
    Watch* watch;
    int fd;
    bool told_readable = false;
    bool told_end = false;
    bool told_broken = false;
  };
  struct Found {
    Watch* watch;  // null when it was removed meanwhile
    int fd;
    short events;
  };

  static void ask(const Slot& slot, pollfd& into) noexcept {
    Readiness awaited = slot.watch->awaited();
    awaited.readable |= !slot.told_readable;  // the first edge is everyone's
    short events = awaited.writable ? POLLOUT : 0;
    // After the end nothing comes: who was told of it reads up to there without being told again.
    if (!slot.told_end) events |= static_cast<short>((awaited.readable ? POLLIN : 0) | POLLRDHUP);
    into.events = events;
    // What is broken is told whether asked for or not.
    into.fd = slot.told_broken && !awaited.writable && (slot.told_end || !awaited.readable) ? -1 : slot.fd;
  }

  std::vector<Slot> slots_;
  std::vector<pollfd> asked_;           // the same in the kernel's form
  std::vector<std::size_t> place_of_;  // by descriptor
  std::vector<Found> found_;
};

}  // namespace

std::unique_ptr<Poller> make_poll_poller() { return std::make_unique<PollPoller>(); }

}  // namespace torc::detail
