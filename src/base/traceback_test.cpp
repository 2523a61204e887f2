#include <torc/base/traceback.hpp>

#include "base/function_name.hpp"

#include <torc/base/errors.hpp>
#include <torc/base/failure.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace traced {

// Where the functions below throw, so that the tests name lines without counting them.
std::atomic<unsigned> thrown_at = 0;  // several threads throw in one of the tests

// The call behind it keeps the function's own frame: not a tail call.
[[gnu::noinline]] void not_the_last_call() { asm volatile(""); }

[[gnu::noinline]] void throws_an_error(const char* message) {
  thrown_at = __LINE__ + 1;
  throw torc::Error(message);
}

[[gnu::noinline]] void calls_it(const char* message) {
  throws_an_error(message);
  not_the_last_call();
}

[[gnu::noinline]] int indexes(const std::vector<int>& values, std::size_t at) {
  thrown_at = __LINE__ + 1;
  const int value = values.at(at);
  not_the_last_call();
  return value;
}

[[gnu::noinline]] int parses(const std::string& text) {
  thrown_at = __LINE__ + 1;
  const int value = std::stoi(text);
  not_the_last_call();
  return value;
}

[[gnu::noinline]] int recurses(int depth) {
  if (depth == 0) {
    calls_it("deep");
    return 0;
  }
  const int below = recurses(depth - 1);
  not_the_last_call();
  return below + 1;
}

// Throws inside libfmt, a shared library that knows nothing of us.
[[gnu::noinline]] std::string formats(const char* pattern) {
  thrown_at = __LINE__ + 1;
  std::string text = fmt::vformat(pattern, fmt::format_args());
  not_the_last_call();
  return text;
}

}  // namespace traced

namespace torc {
namespace {

template <class F>
Failure caught(F f) {
  try {
    f();
  } catch (...) {
    return Failure::current();
  }
  return Failure(Error("nothing was thrown"));
}

// The frames a person is shown.
std::vector<Frame> shown(const Traceback& traceback) {
  auto frames = traceback.frames();
  std::erase_if(frames, &Frame::machinery);
  return frames;
}

std::string line_of_throw() { return "traceback_test.cpp:" + std::to_string(traced::thrown_at) + ")"; }

bool same(const Traceback& one, const Traceback& other) {
  return std::ranges::equal(one.addresses(), other.addresses());
}

TEST(Traceback, HereNamesItsCallerFirst) {
  const Traceback here = Traceback::here();
  const unsigned line = __LINE__ - 1;
  const auto frames = shown(here);
  ASSERT_FALSE(frames.empty());
  EXPECT_NE(frames[0].name().find("HereNamesItsCallerFirst"), std::string::npos) << here.text(true);
  EXPECT_NE(frames[0].text().find("traceback_test.cpp:" + std::to_string(line) + ")"), std::string::npos) << here.text();
  EXPECT_TRUE(Traceback().empty());
  EXPECT_EQ(Traceback().text(), "");
}

TEST(Traceback, OfAThrowNamesTheFunctionAndTheLine) {
  const Failure failure = caught([] { traced::calls_it("no"); });
  const auto frames = shown(failure.traceback());
  ASSERT_GE(frames.size(), 2u) << failure.traceback().text(true);
  EXPECT_EQ(frames[0].name(), "traced::throws_an_error");
  EXPECT_NE(frames[0].text().find(line_of_throw()), std::string::npos) << frames[0].text();
  EXPECT_EQ(frames[1].name(), "traced::calls_it");
}

// The first walk over a path is the unwinder's, later ones may be by frame pointers: all must agree.
TEST(Traceback, IsTheSameTheFirstTimeAndLater) {
  std::vector<Failure> failures;
  for (int i = 0; i < 3; ++i) failures.push_back(caught([] { traced::calls_it("again"); }));
  const auto names = [](const Failure& failure) { return failure.traceback().text(); };
  EXPECT_FALSE(names(failures[0]).empty());
  EXPECT_EQ(names(failures[0]), names(failures[1]));
  EXPECT_EQ(names(failures[1]), names(failures[2]));
}

TEST(Traceback, OfAThrowInsideTheLibraryShowsTheCallerFirst) {
  for (int i = 0; i < 3; ++i) {
    const Failure failure = caught([] { traced::indexes({1, 2}, 7); });
    ASSERT_TRUE(failure.check<std::out_of_range>());
    const auto frames = shown(failure.traceback());
    ASSERT_FALSE(frames.empty());
    EXPECT_EQ(frames[0].name(), "traced::indexes") << failure.traceback().text(true);
    EXPECT_NE(frames[0].text().find(line_of_throw()), std::string::npos) << failure.traceback().text(true);
  }
  const Failure failure = caught([] { traced::parses("x"); });
  EXPECT_TRUE(failure.traceback().text().starts_with("traced::parses")) << failure.traceback().text(true);
}

TEST(Traceback, OfAThrowInASharedLibraryShowsTheCaller) {
  for (int i = 0; i < 2; ++i) {
    const Failure failure = caught([] { traced::formats("{"); });
    ASSERT_TRUE(failure.check<fmt::format_error>());
    const std::string text = failure.traceback().text();
    const auto caller = text.find("traced::formats");
    ASSERT_NE(caller, std::string::npos) << failure.traceback().text(true);
    EXPECT_NE(text.find(line_of_throw(), caller), std::string::npos) << text;
  }
}

TEST(Traceback, StaysWithTheFailureAndItsCopies) {
  Failure failure = caught([] { traced::calls_it("kept"); });
  const Failure copy = failure;
  failure.note("doing something");
  EXPECT_TRUE(same(failure.traceback(), copy.traceback()));
  EXPECT_FALSE(copy.traceback().empty());
  const Failure again = caught([&] { failure.raise(); });
  EXPECT_TRUE(same(again.traceback(), copy.traceback()));
  // Also where another failure was raised in between, so that the last one raised is not it.
  const Failure later = caught([&] {
    try {
      copy.raise();
    } catch (...) {
      static_cast<void>(caught([] { Failure(Error("another")).raise(); }));
      throw;
    }
  });
  EXPECT_TRUE(same(later.traceback(), copy.traceback()));
}

TEST(Traceback, RethrowingAndNestedThrowsKeepTheirOwn) {
  const Failure outer = caught([] {
    try {
      traced::calls_it("outer");
    } catch (...) {
      static_cast<void>(caught([] { traced::indexes({}, 1); }));
      throw;
    }
  });
  EXPECT_TRUE(outer.traceback().text().starts_with("traced::throws_an_error")) << outer.traceback().text(true);
  const Failure inner = caught([] {
    try {
      traced::calls_it("outer");
    } catch (...) {
      traced::indexes({}, 1);
    }
  });
  EXPECT_TRUE(inner.traceback().text().starts_with("traced::indexes")) << inner.traceback().text(true);
}

TEST(Traceback, IsEmptyForWhatWasNeverThrown) {
  const Failure made(Error("made"));
  EXPECT_TRUE(made.traceback().empty());
  EXPECT_TRUE(Failure(std::make_exception_ptr(Error("made"))).traceback().empty());
  EXPECT_TRUE(caught([&] { made.raise(); }).traceback().empty());
}

// The memory of a thrown object is given to the next one, which must not inherit its traceback.
TEST(Traceback, AnObjectAtTheSameAddressGetsNoneOfAnothers) {
  int reused = 0;
  for (int i = 0; i < 100; ++i) {
    const void* before = nullptr;
    {
      const Failure thrown = caught([] { traced::calls_it("first"); });
      ASSERT_FALSE(thrown.traceback().empty());
      before = thrown.get<Error>();
    }
    const Failure made(std::make_exception_ptr(Error("second")));
    if (made.get<Error>() == before) ++reused;
    EXPECT_TRUE(made.traceback().empty());
  }
  RecordProperty("reused", reused);
}

class SwitchedOff {
 public:
  SwitchedOff() { set_throw_tracebacks(false); }
  ~SwitchedOff() { set_throw_tracebacks(true); }
};

TEST(Traceback, CanBeSwitchedOffAndNoOldOneIsFound) {
  ASSERT_TRUE(throw_tracebacks());
  for (int i = 0; i < 100; ++i) {
    ASSERT_FALSE(caught([] { traced::calls_it("on"); }).traceback().empty());
    const SwitchedOff off;
    EXPECT_FALSE(throw_tracebacks());
    const Failure failure = caught([] { traced::calls_it("off"); });
    EXPECT_TRUE(failure.traceback().empty());
    EXPECT_EQ(failure.message(), "off");
  }
}

TEST(Traceback, OfDeepRecursionKeepsTheInnermostCalls) {
  for (int i = 0; i < 2; ++i) {
    const Failure failure = caught([] { traced::recurses(10000); });
    EXPECT_EQ(failure.traceback().addresses().size(), Traceback::kMaxFrames);
    const auto frames = shown(failure.traceback());
    ASSERT_GT(frames.size(), 40u);
    EXPECT_EQ(frames[0].name(), "traced::throws_an_error");
    EXPECT_EQ(frames[40].name(), "traced::recurses");
  }
}

TEST(Traceback, ManyThreadsThrowAtOnce) {
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&wrong, t] {
      for (int i = 0; i < 500; ++i) {
        const Failure failure = caught([&] {
          if ((t + i) % 2 == 0) traced::recurses(3);
          static_cast<void>(std::vector<int>(2).at(5));
        });
        const auto addresses = failure.traceback().addresses();
        // Another thread's object may have had the same place in the record: then none, never the wrong one.
        if (!addresses.empty() && i % 100 == 0) {
          const bool library = failure.check<std::out_of_range>();
          if (failure.traceback().text().starts_with("traced::throws_an_error") == library) ++wrong;
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

TEST(Traceback, MovesToAnotherThreadWithTheException) {
  std::exception_ptr error;
  std::jthread([&] {
    try {
      traced::calls_it("elsewhere");
    } catch (...) {
      error = std::current_exception();
    }
  }).join();
  const Failure failure(error);
  EXPECT_TRUE(failure.traceback().text().starts_with("traced::throws_an_error")) << failure.traceback().text(true);
}

// Destroyed at the end of its thread, when torc's own thread-local objects may be gone.
struct ThrowsAtTheEnd {
  std::string* text = nullptr;
  ~ThrowsAtTheEnd() {
    if (!text) return;
    const Failure failure = caught([] { traced::calls_it("late"); });
    *text = caught([&] { failure.raise(); }).traceback().text();
  }
};

TEST(Traceback, ThrowingWhileTheThreadEnds) {
  std::string text;
  std::jthread([&] {
    thread_local ThrowsAtTheEnd early;
    early.text = &text;
    static_cast<void>(caught([] { Failure(Error("first")).raise(); }));
  }).join();
  EXPECT_TRUE(text.starts_with("traced::throws_an_error")) << text;
}

// A frame pointer of foreign code may be anything; here a stack we know nothing of runs out above the function.
TEST(Traceback, OnAForeignStackStaysInside) {
  static ucontext_t back, there;
  static std::string text;
  std::vector<char> stack(256 * 1024);
  getcontext(&there);
  there.uc_stack.ss_sp = stack.data();
  there.uc_stack.ss_size = stack.size();
  there.uc_link = &back;
  makecontext(&there, +[] {
    // The exception stays on this stack.
    text = caught([] { traced::calls_it("on another stack"); }).traceback().text();
    text = caught([] { traced::calls_it("on another stack"); }).traceback().text();
  }, 0);
  swapcontext(&back, &there);
  EXPECT_TRUE(text.starts_with("traced::throws_an_error")) << text;
}

void* signal_frames[Traceback::kMaxFrames];
volatile std::size_t signal_count = 0;

[[gnu::noinline]] void raises_a_signal() {
  raise(SIGUSR1);
  traced::not_the_last_call();
}

TEST(Traceback, InASignalHandlerIsThatOfTheInterruptedCode) {
  struct sigaction action {}, before{};
  action.sa_sigaction = [](int, siginfo_t*, void* context) {
    signal_count = detail::capture_frames(signal_frames, Traceback::kMaxFrames, context);
  };
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGUSR1, &action, &before);
  raises_a_signal();
  sigaction(SIGUSR1, &before, nullptr);
  const Traceback traceback({signal_frames, signal_count});
  EXPECT_NE(traceback.text().find("raises_a_signal"), std::string::npos) << traceback.text(true);
}

TEST(FunctionName, LosesWhatIsNotTheName) {
  using detail::plain_name;
  EXPECT_EQ(plain_name("app::load(int)"), "app::load");
  EXPECT_EQ(plain_name("std::vector<int, std::allocator<int> > app::load<int>(std::pair<int, int>&)"), "app::load");
  EXPECT_EQ(plain_name("app::Cache<int>::get(int) const"), "app::Cache::get");
  EXPECT_EQ(plain_name("(anonymous namespace)::load(void (*)(int))"), "(anonymous namespace)::load");
  EXPECT_EQ(plain_name("app::run(int)::{lambda(int)#1}::operator()(int) const"), "app::run::{lambda}::operator()");
  EXPECT_EQ(plain_name("app::run() const::'lambda0'(int)::operator()(int) const"), "app::run::{lambda}::operator()");
  EXPECT_EQ(plain_name("bool app::operator< <int>(app::X<int> const&, int)"), "app::operator<");
  EXPECT_EQ(plain_name("app::load(int) [clone .resume]"), "app::load");
  EXPECT_EQ(plain_name("main"), "main");
  EXPECT_EQ(plain_name(""), "");
}

TEST(FunctionName, MachineryIsTheRuntimeAndTheInside) {
  using detail::is_machinery;
  EXPECT_TRUE(is_machinery("std::__invoke_impl"));
  EXPECT_TRUE(is_machinery("torc::detail::run_stage"));
  EXPECT_TRUE(is_machinery("__libc_start_main"));
  EXPECT_FALSE(is_machinery("app::std::x"));
  EXPECT_FALSE(is_machinery("torc::http::get"));
  EXPECT_FALSE(is_machinery("main"));
}

}  // namespace
}  // namespace torc
