#include "torc/http/validators.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace torc::http {
namespace {

constexpr const char* kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* kSecondBefore = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char* kSecondAfter = "Sun, 06 Nov 1994 08:49:38 GMT";
constexpr std::int64_t kSeconds = 784111777;

Validators current() { return {.exists = true, .etag = ETag{"v1"}, .last_modified = kSeconds}; }
Validators weak() { return {.exists = true, .etag = ETag{"v1", true}, .last_modified = kSeconds}; }
Validators absent() { return {.exists = false, .etag = {}, .last_modified = {}}; }
Validators bare() { return {.exists = true, .etag = {}, .last_modified = {}}; }

constexpr auto kProceed = Precondition::kProceed;
constexpr auto kNotModified = Precondition::kNotModified;
constexpr auto kFailed = Precondition::kPreconditionFailed;

TEST(ETag, WritesAndReadsBothForms) {
  EXPECT_EQ((ETag{"a", false}.str()), "\"a\"");
  EXPECT_EQ((ETag{"a", true}.str()), "W/\"a\"");
  EXPECT_EQ(ETag::parse("\"a\""), (ETag{"a", false}));
  EXPECT_EQ(ETag::parse("W/\"a\""), (ETag{"a", true}));
  EXPECT_EQ(ETag::parse("\"\""), (ETag{"", false}));
  EXPECT_EQ(ETag::parse("\"a,b*!\xff\\\""), (ETag{"a,b*!\xff\\", false}));
}

TEST(ETag, RefusesWhatIsNotExactlyOneTag) {
  for (const char* text : {"",         "a",         "\"",         "\"a",          "a\"", "\"a\"b",   "\"a\" ",
                           " \"a\"",   "w/\"a\"",   "W\"a\"",     "W/a",          "W/",  "W/ \"a\"", "\"a b\"",
                           "\"a\tb\"", "\"a\x7f\"", "\"a\"\"b\"", "\"a\", \"b\"", "*",   "'a'",      "\"a\nb\""}) {
    EXPECT_EQ(ETag::parse(text), std::nullopt) << text;
  }
}

TEST(ETag, MatchesAsTheTableOfRfc9110) {
  const struct {
    ETag a, b;
    bool strong, weak;
  } rows[] = {{{"1", true}, {"1", true}, false, true},
              {{"1", true}, {"2", true}, false, false},
              {{"1", true}, {"1", false}, false, true},
              {{"1", false}, {"1", false}, true, true}};
  for (const auto& row : rows) {
    EXPECT_EQ(strong_match(row.a, row.b), row.strong);
    EXPECT_EQ(weak_match(row.a, row.b), row.weak);
  }
}

TEST(ETag, OfAFileChangesWithEachOfItsThreeFacts) {
  std::set<std::string> tags;
  for (std::uint64_t size : {0u, 1u, 2u}) {
    for (std::int64_t modified : {-1, 0, 1, 2}) {
      for (std::uint64_t inode : {0u, 1u, 2u}) tags.insert(make_etag(size, modified, inode).str());
    }
  }
  EXPECT_EQ(tags.size(), 36u);
}

TEST(ETag, OfAFileIsValidAndRepeatable) {
  const ETag tag = make_etag(UINT64_MAX, INT64_MIN, UINT64_MAX);
  EXPECT_EQ(ETag::parse(tag.str()), tag);
  EXPECT_EQ(make_etag(UINT64_MAX, INT64_MIN, UINT64_MAX), tag);
  EXPECT_TRUE(make_etag(1, 2, 3, true).weak);
  EXPECT_TRUE(make_etag(0x1f4, 2, 3).opaque.starts_with("1f4-"));
}

struct Row {
  const char* method;
  Conditions conditions;
  Validators validators;
  Precondition expected;
};

void expect_all(std::initializer_list<Row> rows) {
  int line = 0;
  for (const Row& row : rows) {
    EXPECT_EQ(evaluate(row.method, row.conditions, row.validators), row.expected) << "row " << line;
    ++line;
  }
}

TEST(Preconditions, NoneProceed) {
  expect_all({{"GET", {}, current(), kProceed}, {"PUT", {}, absent(), kProceed}, {"DELETE", {}, bare(), kProceed}});
}

TEST(Preconditions, IfMatchGuardsAgainstTheLostUpdate) {
  expect_all({{"PUT", {.if_match = "\"v1\""}, current(), kProceed},
              {"PUT", {.if_match = "\"v0\", \"v1\""}, current(), kProceed},
              {"PUT", {.if_match = "\"v0\""}, current(), kFailed},
              {"PUT", {.if_match = "*"}, current(), kProceed},
              {"PUT", {.if_match = " * "}, bare(), kProceed},
              {"PUT", {.if_match = "*"}, absent(), kFailed},
              {"PUT", {.if_match = "\"v1\""}, absent(), kFailed},
              {"PUT", {.if_match = "\"v1\""}, bare(), kFailed},
              {"GET", {.if_match = "\"v0\""}, current(), kFailed},
              {"PUT", {.if_match = "W/\"v1\""}, current(), kFailed},
              {"PUT", {.if_match = "\"v1\""}, weak(), kFailed},
              {"PUT", {.if_match = ""}, current(), kFailed}});
}

TEST(Preconditions, AMalformedIfMatchRefusesTheChange) {
  for (const char* list : {"v1", "\"v1", "\"v0\" \"v1\"", "\"v0\";\"v1\"", "v0, \"v1\"", "*, \"v0\"", "\"v1\"x"}) {
    EXPECT_EQ(evaluate("PUT", {.if_match = list}, current()), kFailed) << list;
  }
}

TEST(Preconditions, IfNoneMatchSavesTransfersAndGuardsCreation) {
  expect_all({{"GET", {.if_none_match = "\"v1\""}, current(), kNotModified},
              {"HEAD", {.if_none_match = "\"v1\""}, current(), kNotModified},
              {"GET", {.if_none_match = "W/\"v1\""}, current(), kNotModified},
              {"GET", {.if_none_match = "\"v1\""}, weak(), kNotModified},
              {"GET", {.if_none_match = "\"v0\""}, current(), kProceed},
              {"GET", {.if_none_match = "\"v0\",, ,W/\"x\" ,\t\"v1\""}, current(), kNotModified},
              {"GET", {.if_none_match = "\"a,b\", \"v1\""}, current(), kNotModified},
              {"GET", {.if_none_match = "*"}, current(), kNotModified},
              {"GET", {.if_none_match = "*"}, absent(), kProceed},
              {"GET", {.if_none_match = "\"v1\""}, bare(), kProceed},
              {"PUT", {.if_none_match = "*"}, absent(), kProceed},
              {"PUT", {.if_none_match = "*"}, current(), kFailed},
              {"PUT", {.if_none_match = "\"v1\""}, current(), kFailed},
              {"POST", {.if_none_match = "\"v1\""}, current(), kFailed},
              {"get", {.if_none_match = "\"v1\""}, current(), kFailed},
              {"GET", {.if_none_match = "v1"}, current(), kProceed},
              {"GET", {.if_none_match = "\"v0\"\"v1\""}, current(), kProceed},
              {"GET", {.if_none_match = ""}, current(), kProceed},
              {"GET", {.if_none_match = ","}, current(), kProceed}});
}

TEST(Preconditions, IfModifiedSinceComparesWholeSeconds) {
  expect_all({{"GET", {.if_modified_since = kDate}, current(), kNotModified},
              {"HEAD", {.if_modified_since = kSecondAfter}, current(), kNotModified},
              {"GET", {.if_modified_since = kSecondBefore}, current(), kProceed},
              {"GET", {.if_modified_since = "Sunday, 06-Nov-94 08:49:37 GMT"}, current(), kNotModified},
              {"GET", {.if_modified_since = "yesterday"}, current(), kProceed},
              {"GET", {.if_modified_since = ""}, current(), kProceed},
              {"GET", {.if_modified_since = kSecondAfter}, bare(), kProceed},
              {"POST", {.if_modified_since = kSecondAfter}, current(), kProceed},
              {"PUT", {.if_modified_since = kSecondAfter}, current(), kProceed}});
}

TEST(Preconditions, IfUnmodifiedSinceFailsWhenChangedLater) {
  expect_all({{"PUT", {.if_unmodified_since = kDate}, current(), kProceed},
              {"PUT", {.if_unmodified_since = kSecondAfter}, current(), kProceed},
              {"PUT", {.if_unmodified_since = kSecondBefore}, current(), kFailed},
              {"GET", {.if_unmodified_since = kSecondBefore}, current(), kFailed},
              {"PUT", {.if_unmodified_since = "never"}, current(), kProceed},
              {"PUT", {.if_unmodified_since = kSecondBefore}, bare(), kProceed}});
}

TEST(Preconditions, TagsOutrankDates) {
  expect_all({// If-None-Match decides alone.
              {"GET", {.if_none_match = "\"v0\"", .if_modified_since = kSecondAfter}, current(), kProceed},
              {"GET", {.if_none_match = "\"v1\"", .if_modified_since = kSecondBefore}, current(), kNotModified},
              {"GET", {.if_none_match = "junk", .if_modified_since = kSecondAfter}, current(), kProceed},
              // If-Match decides alone.
              {"PUT", {.if_match = "\"v1\"", .if_unmodified_since = kSecondBefore}, current(), kProceed},
              {"PUT", {.if_match = "\"v0\"", .if_unmodified_since = kSecondAfter}, current(), kFailed}});
}

TEST(Preconditions, TheGuardsComeBeforeTheSavings) {
  expect_all({{"GET", {.if_match = "\"v0\"", .if_none_match = "\"v1\""}, current(), kFailed},
              {"GET", {.if_match = "\"v1\"", .if_none_match = "\"v1\""}, current(), kNotModified},
              {"GET", {.if_modified_since = kDate, .if_unmodified_since = kSecondBefore}, current(), kFailed},
              {"GET", {.if_modified_since = kDate, .if_unmodified_since = kDate}, current(), kNotModified},
              {"PUT", {.if_match = "*", .if_none_match = "*"}, current(), kFailed}});
}

TEST(Preconditions, ALongListIsWalkedToItsEnd) {
  std::string list;
  for (int i = 0; i < 100000; ++i) list += "\"no\",";
  EXPECT_EQ(evaluate("GET", {.if_none_match = list}, current()), kProceed);
  list += "\"v1\"";
  EXPECT_EQ(evaluate("GET", {.if_none_match = list}, current()), kNotModified);
}

TEST(IfRange, HonoursOnlyTheVeryRepresentation) {
  const auto with = [](const char* value, const Validators& validators) {
    return honours_range("GET", {.if_range = value}, validators);
  };
  EXPECT_TRUE(with("\"v1\"", current()));
  EXPECT_FALSE(with("\"v0\"", current()));
  EXPECT_FALSE(with("W/\"v1\"", current()));
  EXPECT_FALSE(with("\"v1\"", weak()));
  EXPECT_FALSE(with("\"v1\"", bare()));
  EXPECT_FALSE(with("\"v0\", \"v1\"", current()));
  EXPECT_FALSE(with("*", current()));
  EXPECT_FALSE(with("", current()));
  EXPECT_TRUE(with(kDate, current()));
  EXPECT_FALSE(with(kSecondBefore, current()));
  EXPECT_FALSE(with(kSecondAfter, current()));
  EXPECT_FALSE(with(kDate, bare()));
  EXPECT_FALSE(with("bytes", bare()));
}

TEST(IfRange, RangesAreForGetOnly) {
  EXPECT_TRUE(honours_range("GET", {}, current()));
  EXPECT_FALSE(honours_range("HEAD", {}, current()));
  EXPECT_FALSE(honours_range("POST", {.if_range = "\"v1\""}, current()));
}

}  // namespace
}  // namespace torc::http
