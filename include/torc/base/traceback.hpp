// Traceback: the calls that led to a place in the program, and the record of where exceptions were thrown.
//
// A traceback is return addresses, taken in well under a microsecond; function, file and line are looked up when somebody
// reads it. Failure keeps the one of its throw; `Traceback::here()` takes one anywhere.
//
// How addresses are found: by frame pointers where every function on the way is known to keep one, else by the unwinder,
// which knows all code and costs some ten times as much. Compile with -fno-omit-frame-pointer to get the cheap way, with
// -g1 or more to get file and line; without either the names of functions still come from the symbol table.
//
// Thread: everything here may be called on any thread; values are shared, immutable, and may be passed between threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace torc {

/// One call in a traceback. A call that the compiler inlined is a frame of its own.
struct Frame {
  std::string function;   // readable, with parameters; empty when nothing names it
  std::string file;       // empty when the program was built without line numbers
  unsigned line = 0;      // 0: not known
  std::string module;     // the program or shared library the code is in
  std::uintptr_t address = 0;
  bool machinery = false;  // of the C++ runtime or of torc's inside

  /// The function's name without template arguments and parameters: "app::Cache::load".
  std::string name() const;
  /// "app::Cache::load (src/cache.cpp:41)", or what is known of that.
  std::string text() const;
};

class Traceback {
 public:
  static constexpr std::size_t kMaxFrames = 48;

  /// An empty one.
  Traceback() noexcept = default;
  /// Copies return addresses, innermost first; what is over kMaxFrames is left out.
  explicit Traceback(std::span<void* const> addresses);

  /// The calls that led here, beginning with the caller; `skip` leaves out that many more.
  static Traceback here(std::size_t skip = 0);

  bool empty() const noexcept { return !raw_; }
  explicit operator bool() const noexcept { return !empty(); }

  /// The return addresses, innermost first. Valid while a copy of this traceback lives.
  std::span<void* const> addresses() const noexcept;

  /// The calls, innermost first, looked up now: the first time in a process takes milliseconds.
  std::vector<Frame> frames() const;

  /// One line a call, innermost first. What belongs to the C++ runtime or to torc's inside is left out, unless
  /// `everything` is wanted or nothing else is there.
  std::string text(bool everything = false) const;

 private:
  struct Raw;
  std::shared_ptr<const Raw> raw_;
};

/// Whether throwing records a traceback, from now on and in the whole process. On at start unless the environment says
/// TORC_TRACEBACKS=0. Costs a fraction of a throw; see docs/howto/errors.md.
void set_throw_tracebacks(bool on) noexcept;
bool throw_tracebacks() noexcept;

namespace detail {

/// Where the stack that this thread is running on lies. Whoever switches stacks (a fiber) sets it on the way in and puts
/// the old value back on the way out. Zero: the thread's own stack, to be found out.
struct StackBounds {
  std::uintptr_t low = 0, high = 0;
};
extern constinit thread_local StackBounds stack_bounds;

/// Writes at most `max` return addresses, innermost first, and gives their number. With the ucontext_t* that a signal
/// handler was given: those of the interrupted code, beginning with the instruction it was at. Takes no memory, holds no
/// lock, and may be called in a signal handler if `ucontext` is given.
std::size_t capture_frames(void** out, std::size_t max, const void* ucontext = nullptr) noexcept;

/// The same by the unwinder alone, beginning with its caller's caller: for measuring.
std::size_t unwind_frames(void** out, std::size_t max) noexcept;

/// True while this thread is in symbolise(): the first reading of debug information takes long. For signal handlers.
extern constinit thread_local std::atomic<bool> symbolising;

/// Function, file and line of each address; several frames for one that holds inlined calls. Reads the program's debug
/// information the first time. Not for signal handlers.
std::vector<Frame> symbolise(std::span<void* const> addresses);

/// The traceback of the throw of the exception object at `object`, or an empty one: it was never thrown, or recording was
/// off, or too many were thrown since.
Traceback traceback_of_throw(const void* object, const void* type) noexcept;

}  // namespace detail
}  // namespace torc
