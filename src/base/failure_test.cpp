#include <torc/base/failure.hpp>

#include <torc/base/errors.hpp>
#include <torc/base/outcome.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace torc {
namespace {

TEST(Failure, MatchesByTypeAndBaseWithoutThrowing) {
  const Failure failure(TimeoutError("slow"));
  EXPECT_TRUE(failure.check<TimeoutError>());
  EXPECT_TRUE(failure.check<std::runtime_error>());
  EXPECT_TRUE((failure.check<BrokenPromise, Error>()));
  EXPECT_FALSE(failure.check<BrokenPromise>());
  EXPECT_STREQ(failure.get<std::exception>()->what(), "slow");
  EXPECT_EQ(failure.get<int>(), nullptr);
}

TEST(Failure, FindsABaseThatIsNotTheFirst) {
  struct Other {
    virtual ~Other() = default;
    int code = 7;
  };
  struct Both : TimeoutError, Other {
    using TimeoutError::TimeoutError;
  };
  const Failure failure(Both("x"));
  ASSERT_NE(failure.get<Other>(), nullptr);
  EXPECT_EQ(failure.get<Other>()->code, 7);
}

TEST(Failure, TrapThrowsTheOriginalOnAMismatchOnly) {
  const Failure failure(TimeoutError("slow"));
  EXPECT_NO_THROW(failure.trap<TimeoutError>());
  EXPECT_THROW(failure.trap<BrokenPromise>(), TimeoutError);
  EXPECT_THROW(failure.raise(), TimeoutError);
}

TEST(Failure, NotesAreOutermostFirstAndDoNotReachCopies) {
  Failure failure(TimeoutError("slow"));
  const Failure copy = failure;
  failure.note("reading the answer").note("fetching x");
  EXPECT_EQ(failure.message(), "fetching x: reading the answer: slow");
  EXPECT_EQ(copy.message(), "slow");
}

TEST(Failure, HoldsWhatIsNotAStdException) {
  EXPECT_EQ(Failure(Cancelled{}).message(), "cancelled");
  EXPECT_EQ(Failure(42).message(), "int");
  EXPECT_FALSE(Failure(Cancelled{}).check<std::exception>());
}

TEST(Failure, ReportsTypeOriginAndWhatItSuppressed) {
  Failure failure(TimeoutError("slow"));
  failure.suppress(Failure(BrokenPromise("gone")));
  const auto report = failure.report();
  EXPECT_NE(report.find("slow (torc::TimeoutError)"), std::string::npos);
  EXPECT_NE(report.find("failure_test.cpp:"), std::string::npos);
  EXPECT_NE(report.find("suppressed: gone (torc::BrokenPromise)"), std::string::npos);
}

Failure caught(const Failure& failure) {
  try {
    failure.raise();
  } catch (...) {
    return Failure::current();
  }
}

TEST(Failure, KeepsItsNotesWhereverItIsThrownAndCaught) {
  Failure failure(TimeoutError("timed out"));
  failure.note("connecting to example.org").suppress(Failure(Error("and then the disk was full")));
  const auto origin = failure.origin();
  Failure again = caught(caught(failure).note("fetching a page"));
  EXPECT_EQ(again.message(), "fetching a page: connecting to example.org: timed out");
  EXPECT_NE(again.report().find("suppressed: and then the disk was full"), std::string::npos);
  EXPECT_EQ(again.origin().line(), origin.line());
  EXPECT_EQ(failure.message(), "connecting to example.org: timed out");  // a note is for those behind
}

TEST(Failure, AnotherErrorGetsNoneOfItsNotes) {
  Failure failure(Error("one"));
  failure.note("first");
  try {
    failure.raise();
  } catch (const Error&) {
    try {
      throw Error("another");
    } catch (...) {
      EXPECT_EQ(Failure::current().message(), "another");
    }
  }
}

TEST(Outcome, HoldsAValueOrAFailure) {
  Outcome<std::string> good(std::string("v"));
  Outcome<std::string> bad(Failure(TimeoutError("slow")));
  EXPECT_TRUE(good);
  EXPECT_EQ(*good, "v");
  EXPECT_FALSE(bad);
  EXPECT_THROW(bad.value(), TimeoutError);
  EXPECT_EQ(std::move(bad).value_or("other"), "other");
  good = Outcome<std::string>(Failure(TimeoutError("late")));
  EXPECT_EQ(good.error().message(), "late");
  Outcome<void> nothing;
  EXPECT_TRUE(nothing);
  EXPECT_NO_THROW(nothing.value());
}

}  // namespace
}  // namespace torc
