#include <torc/async/fiber.hpp>

#include "async/fiber_overflow.hpp"
#include "async/fiber_stack.hpp"

#include <torc/async/home.hpp>
#include <torc/async/tasks.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/traceback.hpp>

#include <boost/context/detail/fcontext.hpp>

#include <cxxabi.h>

#include <cstdint>
#include <utility>

#if __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#endif
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#endif

namespace torc::detail {

namespace context = boost::context::detail;

namespace {

constinit thread_local Fiber* running_fiber = nullptr;

// What the C++ runtime keeps for each thread (Itanium C++ ABI, 2.2.2): it belongs to a stack.
struct ExceptionGlobals {
  void* caught;
  unsigned uncaught;
};

ExceptionGlobals& exception_globals() noexcept {
  static constinit thread_local ExceptionGlobals* globals = nullptr;
  if (!globals) [[unlikely]] globals = reinterpret_cast<ExceptionGlobals*>(abi::__cxa_get_globals());
  return *globals;
}

constexpr int kRefused = 100;

}  // namespace

// What the sanitizers must be told around a switch. AddressSanitizer follows which stack is in use,
// ThreadSanitizer takes fibers for threads.
#if __has_feature(address_sanitizer)
namespace {
struct OuterStack {
  const void* bottom = nullptr;
  std::size_t size = 0;
};
thread_local OuterStack outer;  // of who resumed the fiber that runs
}  // namespace
#define TORC_BEFORE_SWITCH_IN(fiber)         \
  const OuterStack outer_before = outer;     \
  void* own_fake_stack = nullptr;            \
  __sanitizer_start_switch_fiber(&own_fake_stack, (fiber).stack_->bottom, (fiber).stack_->size())
#define TORC_AFTER_SWITCH_IN(fiber)                                    \
  __sanitizer_finish_switch_fiber(own_fake_stack, nullptr, nullptr);   \
  outer = outer_before
#define TORC_BEFORE_SWITCH_OUT(fiber) \
  __sanitizer_start_switch_fiber((fiber).ended_ ? nullptr : &(fiber).sanitizer_, outer.bottom, outer.size)
#define TORC_ON_FIBER(fiber) __sanitizer_finish_switch_fiber((fiber).sanitizer_, &outer.bottom, &outer.size)
#elif __has_feature(thread_sanitizer)
#define TORC_BEFORE_SWITCH_IN(fiber)                                          \
  if (!(fiber).sanitizer_) (fiber).sanitizer_ = __tsan_create_fiber(0);       \
  void* const own_thread = __tsan_get_current_fiber();                        \
  void* const its_thread = std::exchange((fiber).sanitizer_, own_thread);     \
  __tsan_switch_to_fiber(its_thread, 0)
#define TORC_AFTER_SWITCH_IN(fiber)     \
  (fiber).sanitizer_ = its_thread;      \
  if ((fiber).ended_) __tsan_destroy_fiber(std::exchange((fiber).sanitizer_, nullptr))
#define TORC_BEFORE_SWITCH_OUT(fiber) __tsan_switch_to_fiber((fiber).sanitizer_, 0)
#define TORC_ON_FIBER(fiber) static_cast<void>(fiber)
#else
#define TORC_BEFORE_SWITCH_IN(fiber) static_cast<void>(fiber)
#define TORC_AFTER_SWITCH_IN(fiber) static_cast<void>(fiber)
#define TORC_BEFORE_SWITCH_OUT(fiber) static_cast<void>(fiber)
#define TORC_ON_FIBER(fiber) static_cast<void>(fiber)
#endif

// A processor expects a return to lead behind the latest call. After a switch that call was made on the other stack, and
// each return until the frames match again is mispredicted: so few frames as can be stand around a switch.
#define TORC_AROUND_SWITCH [[gnu::always_inline]] inline

TORC_AROUND_SWITCH void Fiber::switch_in() noexcept {
  auto& globals = exception_globals();
  const ExceptionGlobals own = std::exchange(globals, ExceptionGlobals{caught_, uncaught_});
  Fiber* const below = std::exchange(running_fiber, this);
  const StackBounds bounds = std::exchange(
      stack_bounds, StackBounds{reinterpret_cast<std::uintptr_t>(stack_->bottom), reinterpret_cast<std::uintptr_t>(stack_->top())});
  TORC_BEFORE_SWITCH_IN(*this);
  registers_ = context::jump_fcontext(registers_, this).fctx;
  TORC_AFTER_SWITCH_IN(*this);
  stack_bounds = bounds;
  running_fiber = below;
  caught_ = globals.caught;
  uncaught_ = globals.uncaught;
  globals = own;
  if (ended_) stack_.reset();
}

TORC_AROUND_SWITCH void Fiber::switch_out() noexcept {
  TORC_BEFORE_SWITCH_OUT(*this);
  registers_ = context::jump_fcontext(registers_, nullptr).fctx;
  TORC_ON_FIBER(*this);
}

TORC_AROUND_SWITCH void Fiber::suspend() {
  if (!unwinding_) [[likely]] switch_out();
  if (unwinding_) [[unlikely]] unwind_further();
}

struct Fiber::Entry {
  // The first frame of every fiber.
  static void run(context::transfer_t from) {
    auto& fiber = *static_cast<Fiber*>(from.data);
    fiber.registers_ = from.fctx;
    TORC_ON_FIBER(fiber);
    fiber.run_body();
    fiber.ended_ = true;
    fiber.switch_out();  // never to return
  }
};

Fiber::Fiber(Operation& self, std::size_t stack_size, const std::source_location& begun)
    : where_(begun), self_(self), stack_(acquire_stack(stack_size)), begun_(begun) {
  report_overflows();
  registers_ = context::make_fcontext(stack_->top(), stack_->size(), &Entry::run);
}

Fiber* Fiber::running() noexcept { return running_fiber; }

Fiber& Fiber::required(const char* what) noexcept {
  Fiber* const fiber = running_fiber;
  if (fiber && &fiber->self_ == current.task) return *fiber;
  if (fiber) {
    misuse(std::string(what) + " was called inside a coroutine or a callback that a fiber runs (the fiber begun at " +
           place(fiber->begun_) + "): use co_await or then() there");
  }
  misuse(std::string(what) +
         " was called outside a fiber: use co_await in a coroutine, then() in a callback, or run the code with "
         "defer_to_fiber()");
}

void Fiber::wait(Operation** slot, const std::source_location& where) {
  where_ = where;
  since_ = current.turn_began;
  if (unwinding_) return suspend();  // which refuses
  if (!*slot || (*slot)->fired()) {
    later_.next_turn(self_);
  } else {
    self_.wait_for(slot);
  }
  suspend();
}

void Fiber::yield(const std::source_location& where) {
  where_ = where;
  if (unwinding_) return suspend();
  later_.yield(self_);
  suspend();
}

void Fiber::unwind_further() {
  if (++refused_ > kRefused) {
    misuse("the fiber begun at " + place(begun_) + " was dropped, and swallowed " + std::to_string(kRefused) +
           " times the exception that unwinds it: `catch (...)` around await() must throw on");
  }
  throw Unwinding();
}

void Fiber::resume() noexcept {
  const Home home(self_);
  self_.enter();
  switch_in();
  const bool ended = ended_;
  if (self_.leave() && ended) self_.fire();
}

void Fiber::unwind() noexcept {
  later_.unlink();
  if (ended_) return;
  unwinding_ = true;
  const Home home(self_);
  self_.enter();
  switch_in();
  static_cast<void>(self_.leave());
}

}  // namespace torc::detail
