// Two ways up the stack. Frame pointers cost two loads a frame but lie where a function keeps none: such a function's
// caller is missed, or the chain ends in nonsense. The unwinder knows every function and costs a search a frame.
//
// So the frame pointers are used where they are proven. The first walk over a return address is the unwinder's; it tells
// whether the function there keeps its frame pointer, and the answer is remembered for that address. A walk that meets
// only addresses with that mark, up to one that is marked as the bottom (the start code of the program or thread, which
// keeps none), is exact. Any other is done again by the unwinder.
#include "base/stack_walk.hpp"

#include <torc/base/traceback.hpp>

#include <dlfcn.h>
#include <pthread.h>
#include <ucontext.h>
#include <unwind.h>

#include <array>
#include <atomic>

#define TORC_UNCHECKED __attribute__((no_sanitize("address", "thread", "undefined"), noinline))

namespace torc::detail {

constinit thread_local StackBounds stack_bounds;

namespace {

// The start code of a program (3) or a thread (2) in libc, and a shared object's thread function.
constexpr std::size_t kStartFrames = 3;

enum Kind : std::uintptr_t { kKeepsFrame = 0, kBottom = 1, kUnknown = 2 };

// Return addresses that were proven, each with its kind in the lowest bit. Two places for each; a newcomer displaces.
constexpr std::size_t kSlots = 4096;
constinit std::array<std::atomic<std::uintptr_t>, kSlots> proven{};

std::size_t slot_of(std::uintptr_t address) noexcept { return (address * 0x9E3779B97F4A7C15u) >> 52; }

Kind kind_of(std::uintptr_t address) noexcept {
  const std::size_t slot = slot_of(address);
  for (const std::size_t at : {slot, slot ^ 1}) {
    const std::uintptr_t found = proven[at].load(std::memory_order_relaxed);
    if (found >> 1 == address) return static_cast<Kind>(found & 1);
  }
  return kUnknown;
}

void remember(std::uintptr_t address, Kind kind) noexcept {
  if (kind_of(address) == kind) return;
  std::size_t slot = slot_of(address);
  if (proven[slot].load(std::memory_order_relaxed) != 0) slot ^= 1;
  proven[slot].store(address << 1 | kind, std::memory_order_relaxed);
}

struct Unwinding {
  void** out;
  std::size_t max;
  std::uintptr_t from;             // frames whose stack pointer is below are ours, not the caller's
  std::uintptr_t interrupted = 0;  // instead: begin at this instruction, which a signal interrupted
  std::size_t count = 0;
  std::uintptr_t frame_pointer = 0;  // of the frame before
  bool learn = false;
  bool cut = false;
  std::array<bool, Traceback::kMaxFrames> keeps{};
};

// Called for each frame from the inside out.
_Unwind_Reason_Code unwound(_Unwind_Context* context, void* argument) {
  auto& self = *static_cast<Unwinding*>(argument);
  const std::uintptr_t address = _Unwind_GetIP(context);
  const std::uintptr_t stack = _Unwind_GetCFA(context);
  if (self.count == 0) {
    if (self.interrupted != 0 ? address != self.interrupted : stack < self.from) return _URC_NO_REASON;
  }
#ifdef __x86_64__
  if (self.learn) {
    // What the frame before began with is known here: the end of its frame is where this one's stack was.
    if (self.count > 0) self.keeps[self.count - 1] = self.frame_pointer + 2 * sizeof(void*) == stack;
    self.frame_pointer = _Unwind_GetGR(context, 6);
  }
#endif
  if (self.count == self.max) {
    self.cut = true;
    return _URC_END_OF_STACK;
  }
  if (address == 0) return _URC_END_OF_STACK;
  // Users of these addresses look at the instruction before, where the call is. There was no call here.
  const bool at_it = self.interrupted != 0 && self.count == 0;
  self.out[self.count++] = reinterpret_cast<void*>(at_it ? address + 1 : address);
  return _URC_NO_REASON;
}

std::size_t by_unwinder(void** out, std::size_t max, std::uintptr_t frame) noexcept {
  Unwinding walk{.out = out, .max = max, .from = frame + 2 * sizeof(void*)};
#ifdef __x86_64__
  walk.learn = max <= walk.keeps.size();
#endif
  _Unwind_Backtrace(unwound, &walk);
  if (walk.learn) {
    for (std::size_t i = 0; i < walk.count; ++i) {
      const auto address = reinterpret_cast<std::uintptr_t>(out[i]);
      const bool near_end = !walk.cut && walk.count - i <= kStartFrames;
      if (walk.keeps[i] && !(near_end && i + 1 == walk.count)) {
        remember(address, kKeepsFrame);
      } else if (near_end) {
        remember(address, kBottom);
      }
    }
  }
  return walk.count;
}

#ifdef __x86_64__

// Finding out takes a little memory, once a thread; a throw has just taken some for its object.
StackBounds own_bounds() noexcept {
  StackBounds bounds{1, 1};  // known to be unknown
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    void* low = nullptr;
    std::size_t size = 0;
    if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
      bounds.low = reinterpret_cast<std::uintptr_t>(low);
      bounds.high = bounds.low + size;
    }
    pthread_attr_destroy(&attributes);
  }
  return bounds;
}

// 0: some frame on the way is not proven, or the stack is not the one we know.
TORC_UNCHECKED std::size_t by_frame_pointers(void** out, std::size_t max, std::uintptr_t frame) noexcept {
  if (stack_bounds.high == 0) stack_bounds = own_bounds();
  const StackBounds bounds = stack_bounds;
  if (frame < bounds.low) return 0;
  for (std::size_t count = 0; count < max;) {
    if (frame >= bounds.high || bounds.high - frame < 2 * sizeof(void*) || frame % sizeof(void*) != 0) return 0;
    const auto* words = reinterpret_cast<const std::uintptr_t*>(frame);
    const Kind kind = kind_of(words[1]);
    if (kind == kUnknown) return 0;
    out[count++] = reinterpret_cast<void*>(words[1]);
    if (kind == kBottom) return count;
    if (words[0] <= frame) return 0;
    frame = words[0];
    if (count == max) return count;
  }
  return 0;
}

#endif

}  // namespace

std::size_t walk_stack(void** out, std::size_t max, std::uintptr_t frame) noexcept {
#ifdef __x86_64__
  if (const std::size_t count = by_frame_pointers(out, max, frame)) return count;
#endif
  return by_unwinder(out, max, frame);
}

std::size_t unwind_frames(void** out, std::size_t max) noexcept {
  Unwinding walk{.out = out, .max = max, .from = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) + 16};
  _Unwind_Backtrace(unwound, &walk);
  return walk.count;
}

#if defined(__x86_64__) || defined(__aarch64__)

namespace {

std::size_t from_signal(void** out, std::size_t max, const ucontext_t& context) noexcept {
#ifdef __x86_64__
  const auto instruction = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
#else
  const auto instruction = static_cast<std::uintptr_t>(context.uc_mcontext.pc);
#endif
  if (max == 0) return 0;
  std::size_t count = 0;
  // Through the signal's frame to what it interrupted. The code there may keep no frame pointer (system calls in libc do
  // not), so the unwinder it is; with glibc's _dl_find_object it takes neither lock nor memory.
#ifdef DLFO_STRUCT_HAS_EH_DBASE
  Unwinding walk{.out = out, .max = max, .from = 0, .interrupted = instruction};
  _Unwind_Backtrace(unwound, &walk);
  count = walk.count;
#endif
  if (count == 0) {
    out[0] = reinterpret_cast<void*>(instruction + 1);
    count = 1;
  }
  return count;
}

}  // namespace

#endif

std::size_t capture_frames(void** out, std::size_t max, const void* ucontext) noexcept {
#if defined(__x86_64__) || defined(__aarch64__)
  if (ucontext) return from_signal(out, max, *static_cast<const ucontext_t*>(ucontext));
#endif
  return walk_stack(out, max, reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
}

}  // namespace torc::detail
