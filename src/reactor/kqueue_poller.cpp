// The poller on kqueue, for BSD and macOS. UNTESTED: nobody has run it; it is compiled only where
// <sys/event.h> is. Elsewhere choosing it gives epoll and a line in the log.
//
// EV_CLEAR makes edges. Each descriptor has two filters, reading and writing, told one by one.
#include "reactor/poller.hpp"

#include <torc/base/errors.hpp>
#include <torc/base/unique_fd.hpp>

#if __has_include(<sys/event.h>)

#include <sys/types.h>

#include <sys/event.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace torc::detail {

namespace {

class KqueuePoller final : public Poller {
 public:
  KqueuePoller() : queue_(::kqueue()) {
    if (!queue_) throw SystemError("creating a kqueue", errno);
  }
  Backend backend() const noexcept override { return Backend::kKqueue; }
  int enter_hosted() override { return queue_.get(); }

  void add(int fd, Watch& watch) override {
    check_watchable(fd);
    struct kevent changes[2];
    EV_SET(&changes[0], fd, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0, &watch);
    EV_SET(&changes[1], fd, EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0, &watch);
    if (::kevent(queue_.get(), &changes[0], 1, nullptr, 0, nullptr) != 0) {
      throw SystemError("watching descriptor " + std::to_string(fd), errno);
    }
    // Not everything that is read can be written.
    static_cast<void>(::kevent(queue_.get(), &changes[1], 1, nullptr, 0, nullptr));
  }

  void remove(int fd, Watch& watch) noexcept override {
    for (const int filter : {EVFILT_READ, EVFILT_WRITE}) {
      struct kevent change;
      EV_SET(&change, fd, static_cast<short>(filter), EV_DELETE, 0, 0, nullptr);
      static_cast<void>(::kevent(queue_.get(), &change, 1, nullptr, 0, nullptr));
    }
    // Part of the batch may still be to come.
    for (auto* event = next_; event < end_; ++event) {
      if (event->udata == &watch) event->udata = nullptr;
    }
  }

  bool wait(Duration limit) noexcept override {
    const timespec time{.tv_sec = static_cast<time_t>(limit.count() / 1'000'000'000),
                        .tv_nsec = static_cast<long>(limit.count() % 1'000'000'000)};
    const int count = ::kevent(queue_.get(), nullptr, 0, events_, kBatch, limit < Duration::zero() ? nullptr : &time);
    next_ = events_;
    end_ = events_ + std::max(count, 0);
    return count > 0;
  }

  void dispatch() noexcept override {
    while (next_ < end_) {
      const struct kevent event = *next_++;
      if (!event.udata) continue;
      const bool reads = event.filter == EVFILT_READ;
      const bool over = (event.flags & EV_EOF) != 0;
      current.budget = Scheduler::kBudget;
      static_cast<Watch*>(event.udata)
          ->ready({.readable = reads, .writable = !reads, .hung_up = reads && over, .broken = !reads && over});
    }
  }

 private:
  static constexpr int kBatch = 256;

  UniqueFd queue_;
  struct kevent events_[kBatch];
  struct kevent* next_ = nullptr;  // the part of the batch that is still to be told
  struct kevent* end_ = nullptr;
};

}  // namespace

std::unique_ptr<Poller> make_kqueue_poller() { return std::make_unique<KqueuePoller>(); }

}  // namespace torc::detail

#else

namespace torc::detail {

std::unique_ptr<Poller> make_kqueue_poller() { throw Error("kqueue is not of this system"); }

}  // namespace torc::detail

#endif
