#include "torc/http/date.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "http/civil_time.hpp"

namespace torc::http {
namespace {

constexpr std::int64_t kExample = 784111777;  // the date of RFC 9110's examples

std::string log_time(std::int64_t seconds) {
  std::string out;
  append_log_time(out, seconds);
  return out;
}

TEST(HttpDate, FormatsAnImfFixdate) {
  EXPECT_EQ(http_date(kExample), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(http_date(4107542400), "Mon, 01 Mar 2100 00:00:00 GMT");
  EXPECT_EQ(http_date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(http_date(2147483648), "Tue, 19 Jan 2038 03:14:08 GMT");
}

TEST(HttpDate, MovesTimesBeyondFourDigitYearsInside) {
  EXPECT_EQ(http_date(INT64_MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(http_date(INT64_MIN), "Sat, 01 Jan 0000 00:00:00 GMT");
  EXPECT_EQ(log_time(INT64_MAX), "[31/Dec/9999:23:59:59 +0000]");
}

TEST(HttpDate, AppendsAfterWhatIsThere) {
  std::string out = "Date: ";
  append_http_date(out, 0);
  EXPECT_EQ(out, "Date: Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(HttpDate, ParsesAllThreeForms) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), kExample);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", kExample), kExample);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), kExample);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), kExample);
  EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994"), kExample + 10 * 86400);
  EXPECT_EQ(parse_http_date("Wednesday, 16-Nov-94 08:49:37 GMT"), kExample + 10 * 86400);
}

TEST(HttpDate, ATwoDigitYearIsNeverMoreThanFiftyYearsAhead) {
  const std::int64_t now = *parse_http_date("Thu, 01 Jan 2026 00:00:00 GMT");
  const auto year = [&](const char* text) { return detail::civil_from_unix(*parse_http_date(text, now)).year; };
  EXPECT_EQ(year("Monday, 01-Jan-26 00:00:00 GMT"), 2026);
  EXPECT_EQ(year("Monday, 01-Jan-76 00:00:00 GMT"), 2076);
  EXPECT_EQ(year("Monday, 01-Jan-77 00:00:00 GMT"), 1977);
  EXPECT_EQ(year("Monday, 01-Jan-00 00:00:00 GMT"), 2000);
  EXPECT_EQ(year("Monday, 01-Jan-99 00:00:00 GMT"), 1999);
}

TEST(HttpDate, RefusesEverythingElse) {
  for (const char* text : {"",
                           "0",
                           "Sun",
                           "Sun,",
                           "Sun, ",
                           "Sun, 06 Nov 1994",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 +0000",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           " Sun, 06 Nov 1994 08:49:37 GMT",
                           "sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 nov 1994 08:49:37 GMT",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Sun, 06 Nov 1994 8:49:37 GMT",
                           "Sun, 06 Nov 1994 24:00:00 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Mon, 06 Nov 1994 08:49:37 GMT",
                           "Sat, 31 Apr 1994 08:49:37 GMT",
                           "Sun, 00 Nov 1994 08:49:37 GMT",
                           "Thu, 29 Feb 1900 00:00:00 GMT",
                           "Sun, 29 Feb 2001 00:00:00 GMT",
                           "Sun, 06 Foo 1994 08:49:37 GMT",
                           "Foo, 06 Nov 1994 08:49:37 GMT",
                           "Sun,  6 Nov 1994 08:49:37 GMT",
                           "Sun, +6 Nov 1994 08:49:37 GMT",
                           "Sun, 06-Nov-1994 08:49:37 GMT",
                           "Sunday, 06-Nov-1994 08:49:37 GMT",
                           "Sunday, 06 Nov 1994 08:49:37 GMT",
                           "Sunnesday, 06-Nov-94 08:49:37 GMT",
                           "Sund, 06-Nov-94 08:49:37 GMT",
                           "day, 06-Nov-94 08:49:37 GMT",
                           "Sunday,06-Nov-94 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994",
                           "Sun Nov 06 08:49:37 94",
                           "Sun Nov  6 08:49:37 1994 GMT",
                           "Mon Nov  6 08:49:37 1994",
                           "Sun Nov    08:49:37 1994",
                           "Wednesday, 06-Nov-94 08:49:37 GMT and a very long tail",
                           "1994-11-06T08:49:37Z"}) {
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
  }
}

TEST(HttpDate, EveryPrefixOfADateIsRefused) {
  for (std::string_view whole :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_EQ(parse_http_date(whole.substr(0, n)), std::nullopt) << n;
  }
}

TEST(HttpDate, ALeapSecondIsTheNextMinutesFirst) {
  EXPECT_EQ(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT"), parse_http_date("Sun, 01 Jan 2017 00:00:00 GMT"));
}

TEST(HttpDate, AgreesWithTheCLibraryAndWithItselfOverCenturies) {
  for (std::int64_t seconds = -62167219200; seconds < 253402300800; seconds += 86400 * 97 + 12345) {
    const std::time_t time = seconds;
    std::tm tm{};
    gmtime_r(&time, &tm);
    char expected[64];
    std::strftime(expected, sizeof expected, "%d %b", &tm);
    const std::string date = http_date(seconds);
    ASSERT_EQ(date.substr(5, 6), expected) << seconds;
    ASSERT_EQ(std::stoi(date.substr(12, 4)), tm.tm_year + 1900) << seconds;
    ASSERT_EQ(parse_http_date(date), seconds) << date;
  }
}

TEST(LogTime, HasTheShapeOfTheCommonLogFormat) {
  EXPECT_EQ(log_time(971186136), "[10/Oct/2000:13:55:36 +0000]");
  EXPECT_EQ(log_time(0), "[01/Jan/1970:00:00:00 +0000]");
}

}  // namespace
}  // namespace torc::http
