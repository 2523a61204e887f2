// Days, months and years from unix seconds and back, in UTC.
//
// Private. Hand-written because gmtime and strftime consult locale and time zone, and cost a microsecond where this costs
// nanoseconds. Proleptic Gregorian; leap seconds do not exist in unix time.
#pragma once

#include <cstdint>
#include <string_view>

namespace torc::http::detail {

struct CivilTime {
  int year, month, day;  ///< month 1 to 12, day 1 to 31
  int hour, minute, second;  ///< 0 to 23, 59, 59
  int weekday;  ///< 0 is Sunday
};

inline constexpr std::string_view kMonthNames = "JanFebMarAprMayJunJulAugSepOctNovDec";
inline constexpr std::string_view kDayNames = "SunMonTueWedThuFriSat";

/// Days from 1970-01-01. Counts in years that begin in March, so that the leap day is the last of its year.
constexpr std::int64_t days_from_civil(int year, int month, int day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

constexpr CivilTime civil_from_unix(std::int64_t seconds) {
  std::int64_t days = seconds / 86400, rest = seconds % 86400;
  if (rest < 0) rest += 86400, --days;
  const std::int64_t shifted = days + 719468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t day_of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_index = (5 * day_of_year + 2) / 153;  // 0 is March
  const std::int64_t month = month_index < 10 ? month_index + 3 : month_index - 9;
  return {.year = static_cast<int>(year_of_era + era * 400 + (month <= 2 ? 1 : 0)),
          .month = static_cast<int>(month),
          .day = static_cast<int>(day_of_year - (153 * month_index + 2) / 5 + 1),
          .hour = static_cast<int>(rest / 3600),
          .minute = static_cast<int>(rest / 60 % 60),
          .second = static_cast<int>(rest % 60),
          .weekday = static_cast<int>(((days + 4) % 7 + 7) % 7)};
}

constexpr std::int64_t unix_from_civil(const CivilTime& t) {
  return days_from_civil(t.year, t.month, t.day) * 86400 + t.hour * 3600 + t.minute * 60 + t.second;
}

constexpr int days_in_month(int year, int month) {
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 ? (leap ? 29 : 28) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// `value` as two decimal digits at `out`; gives the place behind them.
constexpr char* put2(char* out, int value) {
  *out++ = static_cast<char>('0' + value / 10 % 10);
  *out++ = static_cast<char>('0' + value % 10);
  return out;
}

/// The same with four digits.
constexpr char* put4(char* out, int value) { return put2(put2(out, value / 100), value % 100); }

constexpr char* put(char* out, std::string_view text) {
  for (char c : text) *out++ = c;
  return out;
}

/// Unix seconds, moved into the years 0000 to 9999 that four digits can show.
constexpr std::int64_t clamp_to_four_digit_years(std::int64_t seconds) {
  constexpr std::int64_t kFirst = days_from_civil(0, 1, 1) * 86400, kEnd = days_from_civil(10000, 1, 1) * 86400;
  return seconds < kFirst ? kFirst : seconds >= kEnd ? kEnd - 1 : seconds;
}

}  // namespace torc::http::detail
