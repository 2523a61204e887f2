#ifdef TORC_HAVE_LIBURING

#include "reactor/uring_poller.hpp"

#include "reactor/uring_buffers.hpp"
#include "reactor/uring_completion.hpp"

#include <torc/async/pool.hpp>
#include <torc/base/errors.hpp>

#include <poll.h>

#include <cerrno>
#include <string>
#include <utility>

namespace torc::detail {

// A watched descriptor: one poll request that tells every edge until it is cancelled.
class UringPollRequest final : public UringRequest, public Pooled {
 public:
  UringPollRequest(UringPoller& poller, int fd, Watch& watch) noexcept : poller_(poller), fd_(fd), watch_(watch) {}

  void prepare(io_uring_sqe& entry) noexcept override {
    ::io_uring_prep_poll_multishot(&entry, fd_, POLLIN | POLLOUT | POLLRDHUP);
  }
  void complete(int result, unsigned flags) noexcept override {
    if (!wanted()) return;
    if (result >= 0) {
      const auto events = static_cast<unsigned>(result);
      watch_.ready({.readable = (events & POLLIN) != 0,
                    .writable = (events & POLLOUT) != 0,
                    .hung_up = (events & (POLLRDHUP | POLLHUP)) != 0,
                    .broken = (events & (POLLHUP | POLLERR)) != 0});
    } else if (result != -ECANCELED) {
      return watch_.ready({.broken = true});  // the kernel cannot watch it
    }
    // The kernel may end it at any time, for one when completions overflowed. Beginning tells what is ready.
    if (wanted() && (flags & IORING_CQE_F_MORE) == 0) poller_.start(*this);
  }

 private:
  UringPoller& poller_;
  const int fd_;
  Watch& watch_;
};

UringPoller::UringPoller() { UringRing::probe(); }

UringPoller::~UringPoller() {
  leave();
  while (UringRequest* request = requests_.front()) {
    request->wanted_ = false;
    request->unlink();
    if (request->untold_ == 0) delete request;
  }
  dispatch();  // nobody is told: what came is given back
}

void UringPoller::enter() { open(UringRing::Work::kInOurCalls); }

void UringPoller::open(UringRing::Work work) {
  ring_.emplace(work);
  try {
    if (buffers_) buffers_->attach(*ring_);
  } catch (...) {
    ring_.reset();
    throw;
  }
  begin_all();
}

int UringPoller::enter_hosted() {
  // With its work deferred to our calls the ring would not turn readable, and an eventfd it signals misses
  // what other eventfds cause.
  open(UringRing::Work::kWhenever);
  hosted_ = true;
  flush();
  return ring_->get()->ring_fd;
}

void UringPoller::leave() noexcept {
  if (!ring_) return;
  leaving_ = true;
  while (in_flight_ > 0) {
    if (io_uring_sqe* entry = ring_->next_entry()) {
      ::io_uring_prep_cancel(entry, nullptr, IORING_ASYNC_CANCEL_ANY);
      entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
      ::io_uring_sqe_set_data64(entry, 0);
    }
    ring_->enter(std::chrono::milliseconds(1));
    collect();
  }
  leaving_ = hosted_ = false;
  if (buffers_) buffers_->detach();
  ring_.reset();
}

void UringPoller::add(int fd, Watch& watch) {
  check_watchable(fd);
  const auto place = static_cast<std::size_t>(fd);
  if (place >= polls_.size()) polls_.resize(place + 1);
  if (polls_[place]) throw SystemError("watching descriptor " + std::to_string(fd), EEXIST);
  start(*(polls_[place] = new UringPollRequest(*this, fd, watch)));
}

void UringPoller::remove(int fd, Watch&) noexcept {
  drop(*std::exchange(polls_[static_cast<std::size_t>(fd)], nullptr));
  // While the kernel polls it the file stays open: whoever closes a socket next means it.
  submit_now();
}

bool UringPoller::wait(Duration limit) noexcept {
  if (ring_ && starved_) begin_all();
  if (next_ < collected_.size()) {
    limit = Duration::zero();
  } else {
    collected_.clear();
    next_ = 0;
  }
  if (ring_) {  // a host may have left earlier in this turn
    ring_->enter(limit);
    collect();
  }
  return next_ < collected_.size();
}

void UringPoller::dispatch() noexcept {
  dispatching_ = true;
  while (next_ < collected_.size()) {
    const Completion completion = collected_[next_++];
    if (!completion.request) continue;
    current.budget = Scheduler::kBudget;
    tell(completion);
  }
  dispatching_ = false;
}

void UringPoller::tell(const Completion& completion) noexcept {
  UringRequest& request = *completion.request;
  const bool telling = std::exchange(request.telling_, true);
  request.complete(completion.result, completion.flags);
  request.telling_ = telling;
  --request.untold_;
  delete_if_done(request);
}

void UringPoller::flush() noexcept {
  if (!hosted_) return;
  if (next_ < collected_.size()) {
    // Something that completes turns the ring readable.
    if (io_uring_sqe* entry = ring_->next_entry()) {
      ::io_uring_prep_nop(entry);
      ::io_uring_sqe_set_data64(entry, 0);
    }
  }
  submit_now();
}

CompletionIo* UringPoller::completion() noexcept {
  if (!completion_) completion_ = std::make_unique<UringCompletion>(*this);
  return completion_.get();
}

void UringPoller::need_buffers() {
  if (buffers_) return;
  auto made = std::make_unique<UringBuffers>();
  if (ring_) made->attach(*ring_);
  buffers_ = std::move(made);
}

void UringPoller::start(UringRequest& request) noexcept {
  request.cancelled_ = false;
  requests_.push_back(request);
  begin(request);
}

void UringPoller::drop(UringRequest& request) noexcept {
  request.wanted_ = false;
  // The descriptor's number may be another's by the time the entry is looked at.
  if (request.in_flight_ && ring_ && !ring_->taken(request.place_)) submit_now();
  cancel(request);
  delete_if_done(request);
}

void UringPoller::cancel(UringRequest& request) noexcept {
  request.cancelled_ = true;
  request.to_start_ = false;
  if (!request.in_flight_ || !ring_) return;
  io_uring_sqe* const entry = ring_->next_entry();
  request.to_cancel_ = !entry;
  starved_ |= !entry;
  if (!entry) return;
  ::io_uring_prep_cancel(entry, &request, 0);
  entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
  ::io_uring_sqe_set_data64(entry, 0);
}

void UringPoller::finish(UringRequest& request) noexcept {
  ++request.untold_;  // who is told may drop it
  cancel(request);
  while (request.in_flight_) {
    if (request.to_cancel_) cancel(request);
    ring_->enter(std::chrono::milliseconds(1));
    collect();
  }
  for (std::size_t i = next_; i < collected_.size() && request.wanted_; ++i) {
    if (collected_[i].request != &request) continue;
    tell({std::exchange(collected_[i].request, nullptr), collected_[i].result, collected_[i].flags});
  }
  --request.untold_;
  delete_if_done(request);
}

void UringPoller::tell_later(UringRequest& request) {
  collected_.push_back({&request, 0, kTold});
  ++request.untold_;
}

void UringPoller::submit_now() noexcept {
  if (ring_ && !leaving_) ring_->enter(Duration::zero());
}

void UringPoller::begin_all() noexcept {
  starved_ = false;
  for (UringRequest* request = requests_.front(); request; request = requests_.next(*request)) {
    if (request->to_start_) begin(*request);
    if (request->to_cancel_) cancel(*request);
  }
}

void UringPoller::begin(UringRequest& request) noexcept {
  io_uring_sqe* const entry = ring_ ? ring_->next_entry() : nullptr;
  request.to_start_ = !entry;
  if (!entry) {
    starved_ = ring_.has_value();
    return;
  }
  request.prepare(*entry);
  request.place_ = ring_->next_place() - 1;
  ::io_uring_sqe_set_data(entry, &request);
  request.in_flight_ = true;
  ++in_flight_;
}

void UringPoller::collect() noexcept {
  do {
    unsigned head, count = 0;
    io_uring_cqe* each;
    io_uring_for_each_cqe(ring_->get(), head, each) {
      ++count;
      auto* const request = static_cast<UringRequest*>(::io_uring_cqe_get_data(each));
      if (!request) continue;  // of a cancellation
      const bool last = (each->flags & IORING_CQE_F_MORE) == 0;
      if (last) {
        request->in_flight_ = request->to_cancel_ = false;
        --in_flight_;
        if (leaving_ && each->res == -ECANCELED && request->wanted_ && !request->cancelled_) {
          request->to_start_ = true;  // in the next ring
          continue;
        }
      }
      if ((each->flags & IORING_CQE_F_BUFFER) != 0) buffers_->taken(each->flags);
      ++request->untold_;
      collected_.push_back({request, each->res, each->flags});
    }
    ::io_uring_cq_advance(ring_->get(), count);
    if (!ring_->overflowed()) break;
    ::io_uring_get_events(ring_->get());
  } while (true);
}

void UringPoller::delete_if_done(UringRequest& request) noexcept {
  if (!request.wanted_ && !request.in_flight_ && request.untold_ == 0) delete &request;
}

std::unique_ptr<Poller> make_uring_poller() { return std::make_unique<UringPoller>(); }

}  // namespace torc::detail

#else

#include "reactor/poller.hpp"

#include <torc/base/errors.hpp>

namespace torc::detail {

std::unique_ptr<Poller> make_uring_poller() { throw Error("io_uring is not built in: liburing was not there"); }

}  // namespace torc::detail

#endif
