// Where exceptions were thrown: this file's __cxa_throw stands before that of the C++ runtime, writes the stack into a
// table and calls the real one. It is linked into every program that uses Failure, once for the whole process (semantics,
// rule 22), unless torc was configured with TORC_THROW_TRACEBACKS=OFF.
//
// It sees throws of the program, of shared libraries and of the C++ library itself. The table is found by the address of
// the exception object, which is its own while it lives: the last throw at an address is the throw of the object that is
// there, provided it was thrown at all. make_exception_ptr makes objects that were not; the unwinder's header before the
// object tells them apart. Rethrowing does not come here, so the first throw stays on record.
//
// -static-libstdc++: ours is weak, so the runtime's own definition wins in silence and there are no tracebacks. Under
// AddressSanitizer, which brings a weak one too, it is strong, and the two options do not go together.
#include "base/stack_walk.hpp"

#include <torc/base/traceback.hpp>

#include <dlfcn.h>
#include <unwind.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <typeinfo>

namespace torc {
namespace {

// Read and written by any thread, without locks: a version that is odd while one writes. All parts are atomic because a
// reader may look while they change; it then finds the version changed and has no traceback.
struct Record {
  std::atomic<std::uint32_t> version{0};
  std::atomic<std::uint32_t> count{0};
  std::atomic<const void*> object{nullptr};
  std::atomic<const void*> type{nullptr};
  std::array<std::atomic<void*>, Traceback::kMaxFrames> frames{};
};

constexpr std::size_t kRecords = 256;
constinit std::array<Record, kRecords> records{};

Record& record_of(const void* object) noexcept {
  return records[(reinterpret_cast<std::uintptr_t>(object) / 16 * 0x9E3779B97F4A7C15u) >> 56];
}

void write(const void* object, const void* type, void* const* frames, std::size_t count) noexcept {
  Record& record = record_of(object);
  std::uint32_t version = record.version.load(std::memory_order_relaxed);
  // Somebody writes: another object's throw, for ours is nobody else's. Then that one has the place.
  if (version % 2 == 1) return;
  if (!record.version.compare_exchange_strong(version, version + 1, std::memory_order_acquire)) return;
  std::atomic_thread_fence(std::memory_order_release);
  record.object.store(object, std::memory_order_relaxed);
  record.type.store(type, std::memory_order_relaxed);
  record.count.store(static_cast<std::uint32_t>(count), std::memory_order_relaxed);
  for (std::size_t i = 0; i < count; ++i) record.frames[i].store(frames[i], std::memory_order_relaxed);
  record.version.store(version + 2, std::memory_order_release);
}

enum Switch : int { kUnread, kOff, kOn };
constinit std::atomic<int> recording{kUnread};

int read_switch() noexcept {
  const char* const wanted = std::getenv("TORC_TRACEBACKS");
  int before = kUnread;
  recording.compare_exchange_strong(before, wanted && std::strcmp(wanted, "0") == 0 ? kOff : kOn);
  return recording.load(std::memory_order_relaxed);
}

bool is_recording() noexcept {
  const int state = recording.load(std::memory_order_relaxed);
  return (state == kUnread ? read_switch() : state) == kOn;
}

// The unwinder notes in the header where an exception is going to land: nothing, when it was never thrown.
bool was_thrown(const void* object) noexcept {
  return (static_cast<const _Unwind_Exception*>(object) - 1)->private_2 != 0;
}

}  // namespace

void set_throw_tracebacks(bool on) noexcept { recording.store(on ? kOn : kOff, std::memory_order_relaxed); }
bool throw_tracebacks() noexcept { return is_recording(); }

namespace detail {

/// Called by __cxa_throw, whose frame is at `frame`.
void record_throw(const void* object, const void* type, std::uintptr_t frame) noexcept {
  if (is_recording()) {
    void* frames[Traceback::kMaxFrames];
    write(object, type, frames, walk_stack(frames, Traceback::kMaxFrames, frame));
  } else if (record_of(object).object.load(std::memory_order_relaxed) == object) {
    write(object, nullptr, nullptr, 0);  // what is on record is of an earlier object
  }
}

Traceback traceback_of_throw(const void* object, const void* type) noexcept {
  if (!was_thrown(object)) return {};
  const Record& record = record_of(object);
  const std::uint32_t version = record.version.load(std::memory_order_acquire);
  if (version % 2 == 1 || record.object.load(std::memory_order_relaxed) != object ||
      record.type.load(std::memory_order_relaxed) != type) {
    return {};
  }
  void* frames[Traceback::kMaxFrames];
  const std::size_t count = std::min<std::size_t>(record.count.load(std::memory_order_relaxed), Traceback::kMaxFrames);
  for (std::size_t i = 0; i < count; ++i) frames[i] = record.frames[i].load(std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_acquire);
  if (record.version.load(std::memory_order_relaxed) != version || count == 0) return {};
  try {
    return Traceback({frames, count});
  } catch (...) {
    return {};  // out of memory: the failure is what matters
  }
}

}  // namespace detail
}  // namespace torc

#ifdef TORC_THROW_TRACEBACKS

#if defined(__SANITIZE_ADDRESS__)
#define TORC_OVERRIDES
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TORC_OVERRIDES
#endif
#endif
#ifndef TORC_OVERRIDES
#define TORC_OVERRIDES __attribute__((weak))
#endif

// The compilers declare this one themselves, each in its way.
#ifdef __clang__
using ThrownType = std::type_info;
#else
using ThrownType = void;
#endif

extern "C" [[noreturn]] TORC_OVERRIDES void __cxa_throw(void* object, ThrownType* type, void (*destroy)(void*)) {
  using Throw = void (*)(void*, ThrownType*, void (*)(void*));
  static constinit std::atomic<Throw> real{nullptr};
  Throw next = real.load(std::memory_order_relaxed);
  if (!next) {
    next = reinterpret_cast<Throw>(dlsym(RTLD_NEXT, "__cxa_throw"));
    if (!next) std::abort();  // no C++ runtime behind us
    real.store(next, std::memory_order_relaxed);
  }
  torc::detail::record_throw(object, type, reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
  next(object, type, destroy);
  __builtin_unreachable();
}

// Pulls libstdc++.a's throwing into a program linked with -static-libstdc++, so that its __cxa_throw is there and wins.
[[gnu::used]] static void* const torc_real_throwing = reinterpret_cast<void*>(&__cxxabiv1::__cxa_init_primary_exception);

#endif
