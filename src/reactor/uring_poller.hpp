// The poller on io_uring: what is wanted of the kernel is a request, everything new goes there in the one
// call of the turn that also waits.
//
// A request is memory that the kernel may use, so it is owned here and not by who wants it (semantics, rule
// 13). Dropping it cancels it and lets it die after its last completion. The ring exists while the loop is
// turned: leave() cancels what is in flight and waits for it, enter() begins it again in a new ring of the
// thread that enters; so a reactor may be run by another thread, and ~Reactor finds nothing in the kernel.
#pragma once

#include "reactor/poller.hpp"
#include "reactor/uring_ring.hpp"

#include <torc/base/intrusive_list.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace torc::detail {

class UringRequest : public ListHook {
 public:
  virtual ~UringRequest() = default;
  virtual void prepare(io_uring_sqe& entry) noexcept = 0;
  /// A completion. When it is not wanted() any more nobody is told, but what came is given back.
  virtual void complete(int result, unsigned flags) noexcept = 0;
  bool wanted() const noexcept { return wanted_; }

 protected:
  bool in_flight() const noexcept { return in_flight_; }
  /// Completions to come are collected already, besides the one that is being told.
  bool untold() const noexcept { return untold_ > (telling_ ? 1u : 0u); }

 private:
  friend class UringPoller;
  bool telling_ = false;
  bool cancelled_ = false;  // on purpose, by cancel()
  bool wanted_ = true;
  bool in_flight_ = false;
  bool to_start_ = false;   // when there is a ring, with room in it
  bool to_cancel_ = false;  // likewise
  unsigned untold_ = 0;     // completions collected and not dispatched
  unsigned place_ = 0;      // in the ring, of the entry that began it
};

class UringBuffers;
class UringCompletion;
class UringPollRequest;

class UringPoller final : public Poller {
 public:
  /// Of an entry that tell_later() made.
  static constexpr unsigned kTold = ~0u;

  UringPoller();
  ~UringPoller() override;

  Backend backend() const noexcept override { return Backend::kUring; }
  void enter() override;
  int enter_hosted() override;
  void leave() noexcept override;
  void add(int fd, Watch& watch) override;
  void remove(int fd, Watch& watch) noexcept override;
  bool wait(Duration limit) noexcept override;
  void dispatch() noexcept override;
  void flush() noexcept override;
  CompletionIo* completion() noexcept override;

  // For requests.

  /// Begins `request`, which is not in flight. From now on it is ours.
  void start(UringRequest& request) noexcept;
  /// Nobody wants it any more: it is cancelled, and deleted as soon as the kernel is done with it.
  void drop(UringRequest& request) noexcept;
  /// Cancels what is in flight; it stays wanted and hears the end as a completion.
  void cancel(UringRequest& request) noexcept;
  /// Cancels what is in flight, waits for its end, and has all of it told before this returns.
  void finish(UringRequest& request) noexcept;
  /// Has it told, with kTold for flags, among the completions that come next.
  void tell_later(UringRequest& request);
  /// Sends on what is queued, now rather than at the end of the turn.
  void submit_now() noexcept;
  /// As flush(), unless that comes at the end of this turn anyway.
  void flush_outside_dispatch() noexcept {
    if (!dispatching_) flush();
  }
  /// Throws SystemError.
  void need_buffers();
  UringBuffers* buffers() noexcept { return buffers_.get(); }

 private:
  struct Completion {
    UringRequest* request;  // null: told before its turn
    int result;
    unsigned flags;
  };

  void open(UringRing::Work work);
  void begin_all() noexcept;
  void begin(UringRequest& request) noexcept;
  void collect() noexcept;
  void tell(const Completion& completion) noexcept;
  static void delete_if_done(UringRequest& request) noexcept;

  std::unique_ptr<UringCompletion> completion_;  // when asked for
  std::unique_ptr<UringBuffers> buffers_;        // when something is received; outlives the ring
  std::optional<UringRing> ring_;  // while the loop is turned
  bool hosted_ = false;
  bool leaving_ = false;
  bool dispatching_ = false;
  bool starved_ = false;  // the ring had no room: some requests wait to be begun or cancelled
  std::size_t in_flight_ = 0;
  IntrusiveList<UringRequest> requests_;
  std::vector<UringPollRequest*> polls_;  // by descriptor
  std::vector<Completion> collected_;
  std::size_t next_ = 0;  // of these, the first that is still to be told
};

}  // namespace torc::detail
