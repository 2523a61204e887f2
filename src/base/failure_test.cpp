#include <torc/base/errors.hpp>
#include <torc/base/failure.hpp>

#include <gtest/gtest.h>

#include <string>

namespace torc {
namespace {

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

}  // namespace
}  // namespace torc
