// What a failure tells of its way: where it was thrown, then every wait it passed.
#include <torc/async/coroutine.hpp>
#include <torc/async/fiber.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/traceback.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Outside torc, as a program's code is: what is in torc::detail is left out of tracebacks.
namespace app {

using torc::Deferred;

unsigned line_of_throw = 0;

[[gnu::noinline]] void parse_header() {
  line_of_throw = __LINE__ + 1;
  throw torc::Error("no length");
}

// The way: each hop adds a line to the report. To add a kind of hop, write a function like these, put it into
// handle_connection() and its line into the test.
Deferred<int> read_header(Deferred<void> bytes) {
  co_await bytes;
  parse_header();
  co_return 1;
}
Deferred<int> read_message(Deferred<void> bytes) { co_return co_await read_header(std::move(bytes)); }
Deferred<int> check_message(Deferred<void> bytes) {
  return read_message(std::move(bytes)).then([](int length) { return length + 1; });
}
Deferred<int> count_message(Deferred<void> bytes) {
  return check_message(std::move(bytes)).finally([] {});
}
Deferred<int> answer(Deferred<void> bytes) {
  const int length = co_await count_message(std::move(bytes));
  co_return length;
}
Deferred<int> call_back(Deferred<void> bytes) {
  // A stage that waits for what its function returned.
  return torc::sleep(torc::Duration(1)).then([bytes = std::move(bytes)]() mutable { return answer(std::move(bytes)); });
}
Deferred<int> handle_connection(Deferred<void> bytes) { co_return co_await call_back(std::move(bytes)); }


// The same way, half of it in fibers.
int read_blocking(Deferred<void> bytes) { return torc::await(check_message(std::move(bytes))); }
Deferred<int> read_in_fiber(Deferred<void> bytes) {
  return torc::defer_to_fiber([bytes = std::move(bytes)]() mutable { return read_blocking(std::move(bytes)); });
}
Deferred<int> answer_all(Deferred<void> bytes) { co_return co_await read_in_fiber(std::move(bytes)); }
Deferred<int> log_answer(Deferred<void> bytes) {
  return answer_all(std::move(bytes)).then([](int length) { return length; });
}
int serve_blocking(Deferred<void> bytes) { return torc::await(log_answer(std::move(bytes))); }

}  // namespace app

namespace torc {
namespace {

using namespace std::chrono_literals;

// The report with the numbers of lines and the folders taken away, so that it can stand here as it is.
std::string golden(std::string_view report) {
  std::string text;
  for (std::size_t at = 0; at < report.size();) {
    if (report[at] == '(') {
      const auto end = report.find(')', at);
      std::string_view place = report.substr(at + 1, end - at - 1);
      if (const auto colon = place.rfind(':'); colon != std::string_view::npos && place.contains(".cpp:")) {
        place = place.substr(0, colon);
        place.remove_prefix(place.rfind('/') + 1);
        text += '(' + std::string(place) + ')';
        at = end + 1;
        continue;
      }
    }
    text += report[at++];
  }
  return text;
}

Failure failure_of(Deferred<int> deferred) {
  auto outcome = deferred.take();
  return outcome ? Failure(Error("did not fail")) : std::move(outcome).error();
}

TEST(FailureChain, OfSixHopsAcrossCallbacksAndCoroutines) {
  testing::Clock clock;
  auto [bytes, promise] = make_deferred<void>();
  auto handled = app::handle_connection(std::move(bytes));
  clock.advance(1s);
  promise.set_value();
  const std::string report = failure_of(std::move(handled)).report();
  // Below the throw stand the test's own frames, as far as the stack reaches.
  const auto waits = report.find("\n  co_await");
  ASSERT_NE(waits, std::string::npos) << report;
  EXPECT_TRUE(golden(report.substr(0, waits)).starts_with("no length (torc::Error)\n"
                                                           "  thrown in app::parse_header (failure_chain_test.cpp)\n"
                                                           "    called by app::read_header (failure_chain_test.cpp)"))
      << report;
  EXPECT_NE(report.find("failure_chain_test.cpp:" + std::to_string(app::line_of_throw) + ")"), std::string::npos);
  EXPECT_EQ(golden(report.substr(waits)),
            "\n  co_await in app::read_message (failure_chain_test.cpp)"
            "\n  then in app::check_message (failure_chain_test.cpp)"
            "\n  then in app::count_message (failure_chain_test.cpp)"
            "\n  co_await in app::answer (failure_chain_test.cpp)"
            "\n  then in app::call_back (failure_chain_test.cpp)"
            "\n  co_await in app::handle_connection (failure_chain_test.cpp)");
}

TEST(FailureChain, OfSixHopsAcrossCallbacksCoroutinesAndFibers) {
  auto [bytes, promise] = make_deferred<void>();
  auto served = defer_to_fiber([&] { return app::serve_blocking(std::move(bytes)); });
  promise.set_value();
  const std::string report = failure_of(std::move(served)).report();
  const auto waits = report.find("\n  co_await");
  ASSERT_NE(waits, std::string::npos) << report;
  EXPECT_TRUE(report.starts_with("no length (torc::Error)\n  thrown in app::parse_header (")) << report;
  EXPECT_EQ(golden(report.substr(waits)),
            "\n  co_await in app::read_message (failure_chain_test.cpp)"
            "\n  then in app::check_message (failure_chain_test.cpp)"
            "\n  await in app::read_blocking (failure_chain_test.cpp)"
            "\n  co_await in app::answer_all (failure_chain_test.cpp)"
            "\n  then in app::log_answer (failure_chain_test.cpp)"
            "\n  await in app::serve_blocking (failure_chain_test.cpp)");
}

TEST(FailureChain, IsTheSameWhenNothingHadToWait) {
  testing::Clock clock;
  const auto waits = [](const std::string& report) { return golden(report.substr(report.find("\n  co_await"))); };
  auto ready = app::answer(succeed());
  auto [bytes, promise] = make_deferred<void>();
  auto later = app::answer(std::move(bytes));
  promise.set_value();
  EXPECT_EQ(waits(failure_of(std::move(ready)).report()), waits(failure_of(std::move(later)).report()));
}

TEST(FailureChain, ShowsAFailureThatWasNeverThrownWithThePlaceItWasMade) {
  auto [number, promise] = make_deferred<int>();
  auto waits = [](Deferred<int> given) -> Deferred<int> { co_return co_await given; }(std::move(number));
  promise.set_error(Error("made"));
  const unsigned line = __LINE__ - 1;
  const Failure failure = failure_of(std::move(waits));
  EXPECT_TRUE(failure.traceback().empty());
  const std::string report = failure.report();
  const auto made = report.find("failure_chain_test.cpp:" + std::to_string(line) + ")");
  EXPECT_NE(made, std::string::npos) << report;
  EXPECT_LT(made, report.find("\n  co_await in ")) << report;
}

Deferred<int> nested(int depth, Deferred<int> innermost) {
  if (depth == 0) co_return co_await innermost;
  co_return co_await nested(depth - 1, std::move(innermost));
}

TEST(FailureChain, IsBounded) {
  auto [number, promise] = make_deferred<int>();
  auto outermost = nested(99, std::move(number));
  promise.set_error(Error("far below"));
  const std::string report = failure_of(std::move(outermost)).report();
  EXPECT_NE(report.find("(68 more that waited)"), std::string::npos) << report;
  std::size_t lines = 0;
  for (auto at = report.find("\n  co_await in "); at != std::string::npos; at = report.find("\n  co_await in ", at + 1)) ++lines;
  EXPECT_EQ(lines, 32u);
}

TEST(FailureChain, CopiesKeepTheirOwn) {
  auto [number, promise] = make_deferred<int>();
  auto stage = std::move(number).then([](int i) { return i; });
  const Failure kept(Error("shared"));
  promise.set_error(kept);
  EXPECT_NE(failure_of(std::move(stage)).report().find("\n  then in "), std::string::npos);
  EXPECT_EQ(kept.report().find("\n  then in "), std::string::npos);
}

TEST(FailureChain, AnErrorOfAnotherKindInAHandlerStartsAnew) {
  auto replaces = [](Deferred<int> given) -> Deferred<int> {
    try {
      co_return co_await given;
    } catch (const Error&) {
      app::parse_header();
    }
    co_return 0;
  };
  const Failure failure = failure_of(replaces(fail<int>(Error("first"))));
  EXPECT_EQ(failure.message(), "no length");
  EXPECT_EQ(failure.report().find("co_await"), std::string::npos) << failure.report();
  EXPECT_TRUE(failure.traceback().text().starts_with("app::parse_header"));
}

}  // namespace
}  // namespace torc
