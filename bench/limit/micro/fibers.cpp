// Contexts alone: no scheduler, no exceptions kept.
#include <boost/context/detail/fcontext.hpp>
#include <boost/context/fiber.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>

#include <cstdlib>
#include <memory>
#include <utility>

#include "../../micro.hpp"

namespace {

namespace context = boost::context::detail;

constexpr std::size_t kSize = 64 * 1024;

class Stack {
 public:
  Stack() : bottom_(static_cast<char*>(std::aligned_alloc(4096, kSize))) {}
  ~Stack() { std::free(bottom_); }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  context::fcontext_t start(void (*function)(context::transfer_t)) const {
    return context::make_fcontext(bottom_ + kSize, kSize, function);
  }

 private:
  char* bottom_;
};

void return_forever(context::transfer_t from) {
  for (;;) from = context::jump_fcontext(from.fctx, from.data);
}

const micro::Row fiber_switch("fiber_switch", [](micro::Run& run) {
  const Stack stack;
  auto fiber = stack.start(return_forever);
  const auto measured = run.measure();
  for (long i = 0; i < run.count() / 2; ++i) fiber = context::jump_fcontext(fiber, nullptr).fctx;
});

const micro::Row fiber_run("fiber_run", [](micro::Run& run) {
  boost::context::pooled_fixedsize_stack stacks(kSize);
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    int result = 0;
    boost::context::fiber(std::allocator_arg, stacks, [&](boost::context::fiber&& back) {
      result = 1;
      return std::move(back);
    }).resume();
    micro::keep(result);
  }
});

// One gives a value and goes on when it was taken: there and back.
const micro::Row rendezvous("rendezvous", [](micro::Run& run) {
  const Stack stack;
  auto receiver = stack.start(return_forever);
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) receiver = context::jump_fcontext(receiver, &i).fctx;
});

}  // namespace
