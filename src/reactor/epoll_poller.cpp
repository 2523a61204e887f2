#include "reactor/poller.hpp"

#include <torc/base/errors.hpp>
#include <torc/base/unique_fd.hpp>

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>

namespace torc::detail {

namespace {

class EpollPoller final : public Poller {
 public:
  EpollPoller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) throw SystemError("creating an epoll instance", errno);
  }

  Backend backend() const noexcept override { return Backend::kEpoll; }
  int enter_hosted() override { return epoll_.get(); }

  void add(int fd, Watch& watch) override {
    epoll_event event{.events = watch.awaited().writable ? kBoth : kReading, .data = {.ptr = &watch}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      throw SystemError("watching descriptor " + std::to_string(fd), errno);
    }
  }

  void add_writing(int fd, Watch& watch) noexcept override {
    epoll_event event{.events = kBoth, .data = {.ptr = &watch}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
  }

  void remove(int fd, Watch& watch) noexcept override {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    // Part of the batch may still be to come.
    for (auto* event = next_; event < end_; ++event) {
      if (event->data.ptr == &watch) event->data.ptr = nullptr;
    }
  }

  bool wait(Duration limit) noexcept override {
    const int count = ::epoll_wait(epoll_.get(), events_, kBatch, milliseconds_up(limit));
    next_ = events_;
    end_ = events_ + std::max(count, 0);
    return count > 0;
  }

  void dispatch() noexcept override {
    while (next_ < end_) {
      const epoll_event event = *next_++;
      if (!event.data.ptr) continue;
      current.budget = Scheduler::kBudget;
      static_cast<Watch*>(event.data.ptr)
          ->ready({.readable = (event.events & EPOLLIN) != 0,
                   .writable = (event.events & EPOLLOUT) != 0,
                   .hung_up = (event.events & (EPOLLRDHUP | EPOLLHUP)) != 0,
                   .broken = (event.events & (EPOLLHUP | EPOLLERR)) != 0});
    }
  }

 private:
  static constexpr int kBatch = 256;
  static constexpr std::uint32_t kReading = EPOLLIN | EPOLLRDHUP | EPOLLET;
  static constexpr std::uint32_t kBoth = kReading | EPOLLOUT;

  UniqueFd epoll_;
  epoll_event events_[kBatch];
  epoll_event* next_ = nullptr;  // the part of the batch that is still to be told
  epoll_event* end_ = nullptr;
};

}  // namespace

std::unique_ptr<Poller> make_epoll_poller() { return std::make_unique<EpollPoller>(); }

}  // namespace torc::detail
