#ifdef TORC_HAVE_LIBURING

#include "reactor/uring_ring.hpp"

#include <torc/base/errors.hpp>

#include <atomic>
#include <cerrno>
#include <memory>

namespace torc::detail {

namespace {

constexpr unsigned kSubmissions = 256;
constexpr unsigned kCompletions = 4096;
constexpr unsigned kFeatures = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP;

int open(io_uring& ring, unsigned flags) noexcept {
  io_uring_params params{};
  params.flags = flags | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
  params.cq_entries = kCompletions;
  return ::io_uring_queue_init_params(kSubmissions, &ring, &params);
}

// The kernel may give the memory of a ring that was closed to the next, of another thread. That it did so in order is
// seen here by who cannot look into the kernel: thread sanitizers.
constinit std::atomic<unsigned> closed_rings{0};

}  // namespace

UringRing::UringRing(Work work) {
  closed_rings.load(std::memory_order_acquire);
  int result = -EINVAL;
  if (work == Work::kInOurCalls) result = open(ring_, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
  if (result == -EINVAL) result = open(ring_, IORING_SETUP_COOP_TASKRUN);
  if (result < 0) throw SystemError("setting up io_uring", -result);
}

UringRing::~UringRing() {
  closed_rings.fetch_add(1, std::memory_order_release);
  ::io_uring_queue_exit(&ring_);
}

void UringRing::probe() {
  UringRing made(Work::kInOurCalls);
  const auto old = [] { return Error("setting up io_uring: it needs Linux 6.0"); };
  if ((made.ring_.features & kFeatures) != kFeatures) throw old();
  const std::unique_ptr<io_uring_probe, decltype(&::io_uring_free_probe)> known(::io_uring_get_probe_ring(&made.ring_),
                                                                                &::io_uring_free_probe);
  // This one came together with what we need and cannot ask for.
  if (!known || !::io_uring_opcode_supported(known.get(), IORING_OP_SEND_ZC)) throw old();
  ::io_uring_prep_nop(made.next_entry());
  const int result = ::io_uring_submit_and_wait(&made.ring_, 1);
  if (result < 0) throw SystemError("using io_uring", -result);
}

io_uring_sqe* UringRing::next_entry() noexcept {
  io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
  if (entry) [[likely]] return entry;
  ::io_uring_submit(&ring_);
  return ::io_uring_get_sqe(&ring_);
}

void UringRing::enter(Duration limit) noexcept {
  // What fails (no memory, too many completions, a signal) is left in the ring for the next time.
  if (limit == Duration::zero()) {
    if (has_work()) ::io_uring_submit_and_get_events(&ring_);
  } else if (limit < Duration::zero()) {
    ::io_uring_submit_and_wait(&ring_, 1);
  } else {
    __kernel_timespec time{.tv_sec = limit.count() / 1'000'000'000, .tv_nsec = limit.count() % 1'000'000'000};
    io_uring_cqe* first;
    ::io_uring_submit_and_wait_timeout(&ring_, &first, 1, &time, nullptr);
  }
}

}  // namespace torc::detail

#endif
