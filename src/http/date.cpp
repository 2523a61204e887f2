#include "torc/http/date.hpp"

#include <chrono>

#include "http/chars.hpp"
#include "http/civil_time.hpp"

namespace torc::http {
namespace {

using detail::CivilTime;

std::string_view name_of(std::string_view names, int index) {
  return names.substr(3 * static_cast<std::size_t>(index), 3);
}

// Reads a text of fixed shape from left to right; the first mismatch makes everything after it fail too.
struct Reader {
  std::string_view rest;
  bool ok = true;

  void literal(std::string_view expected) {
    ok = ok && rest.starts_with(expected);
    if (ok) rest.remove_prefix(expected.size());
  }

  int digits(std::size_t count) {
    int value = 0;
    ok = ok && rest.size() >= count;
    for (std::size_t i = 0; ok && i < count; ++i) {
      ok = detail::is_digit(rest[i]);
      value = value * 10 + (rest[i] - '0');
    }
    if (ok) rest.remove_prefix(count);
    return value;
  }

  // asctime pads the day with a space: " 6" or "16".
  int space_padded_digits() {
    if (!ok || !rest.starts_with(' ')) return digits(2);
    rest.remove_prefix(1);
    return digits(1);
  }

  // The index of a three-letter name.
  int name(std::string_view names) {
    for (std::size_t i = 0; ok && i < names.size(); i += 3) {
      if (!rest.starts_with(names.substr(i, 3))) continue;
      rest.remove_prefix(3);
      return static_cast<int>(i / 3);
    }
    ok = false;
    return 0;
  }

  void time_of_day(CivilTime& t) {
    t.hour = digits(2);
    literal(":");
    t.minute = digits(2);
    literal(":");
    t.second = digits(2);
  }
};

bool is_valid(const CivilTime& t) {
  return t.month >= 1 && t.day >= 1 && t.day <= detail::days_in_month(t.year, t.month) && t.hour <= 23 &&
         t.minute <= 59 && t.second <= 60;
}

std::optional<std::int64_t> checked(const Reader& in, const CivilTime& t, bool check_weekday) {
  if (!in.ok || !in.rest.empty() || !is_valid(t)) return std::nullopt;
  const std::int64_t seconds = detail::unix_from_civil(t);
  const std::int64_t midnight = detail::days_from_civil(t.year, t.month, t.day) * 86400;
  if (check_weekday && detail::civil_from_unix(midnight).weekday != t.weekday) return std::nullopt;
  return seconds;
}

std::optional<std::int64_t> parse_fixdate(std::string_view text) {
  Reader in{text};
  CivilTime t{};
  t.weekday = in.name(detail::kDayNames);
  in.literal(", ");
  t.day = in.digits(2);
  in.literal(" ");
  t.month = in.name(detail::kMonthNames) + 1;
  in.literal(" ");
  t.year = in.digits(4);
  in.literal(" ");
  in.time_of_day(t);
  in.literal(" GMT");
  return checked(in, t, true);
}

bool is_whole_day_name(std::string_view text) {
  for (std::string_view name : {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}) {
    if (text == name) return true;
  }
  return false;
}

std::optional<std::int64_t> parse_rfc850(std::string_view text, std::optional<std::int64_t> now) {
  const std::size_t comma = text.find(',');
  if (comma == text.npos || !is_whole_day_name(text.substr(0, comma))) return std::nullopt;
  Reader in{text.substr(comma)};
  CivilTime t{};
  in.literal(", ");
  t.day = in.digits(2);
  in.literal("-");
  t.month = in.name(detail::kMonthNames) + 1;
  in.literal("-");
  const int two_digits = in.digits(2);
  in.literal(" ");
  in.time_of_day(t);
  in.literal(" GMT");
  if (!in.ok) return std::nullopt;
  if (!now) now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  const int this_year = detail::civil_from_unix(*now).year;
  t.year = this_year - this_year % 100 + two_digits;
  if (t.year > this_year + 50) t.year -= 100;
  return checked(in, t, false);
}

std::optional<std::int64_t> parse_asctime(std::string_view text) {
  Reader in{text};
  CivilTime t{};
  t.weekday = in.name(detail::kDayNames);
  in.literal(" ");
  t.month = in.name(detail::kMonthNames) + 1;
  in.literal(" ");
  t.day = in.space_padded_digits();
  in.literal(" ");
  in.time_of_day(t);
  in.literal(" ");
  t.year = in.digits(4);
  return checked(in, t, true);
}

}  // namespace

void append_http_date(std::string& out, std::int64_t unix_seconds) {
  const CivilTime t = detail::civil_from_unix(detail::clamp_to_four_digit_years(unix_seconds));
  char text[29];
  char* p = detail::put(text, name_of(detail::kDayNames, t.weekday));
  p = detail::put2(detail::put(p, ", "), t.day);
  p = detail::put(detail::put(p, " "), name_of(detail::kMonthNames, t.month - 1));
  p = detail::put4(detail::put(p, " "), t.year);
  p = detail::put2(detail::put(p, " "), t.hour);
  p = detail::put2(detail::put(p, ":"), t.minute);
  p = detail::put2(detail::put(p, ":"), t.second);
  detail::put(p, " GMT");
  out.append(text, sizeof text);
}

std::string http_date(std::int64_t unix_seconds) {
  std::string out;
  append_http_date(out, unix_seconds);
  return out;
}

std::optional<std::int64_t> parse_http_date(std::string_view text, std::optional<std::int64_t> now) {
  if (text.size() > 33) return std::nullopt;  // the longest is RFC 850 on a Wednesday
  if (text.size() > 3 && text[3] == ',') return parse_fixdate(text);
  if (text.size() > 3 && text[3] == ' ') return parse_asctime(text);
  return parse_rfc850(text, now);
}

void append_log_time(std::string& out, std::int64_t unix_seconds) {
  const CivilTime t = detail::civil_from_unix(detail::clamp_to_four_digit_years(unix_seconds));
  char text[28];
  char* p = detail::put2(detail::put(text, "["), t.day);
  p = detail::put(detail::put(p, "/"), name_of(detail::kMonthNames, t.month - 1));
  p = detail::put4(detail::put(p, "/"), t.year);
  p = detail::put2(detail::put(p, ":"), t.hour);
  p = detail::put2(detail::put(p, ":"), t.minute);
  p = detail::put2(detail::put(p, ":"), t.second);
  detail::put(p, " +0000]");
  out.append(text, sizeof text);
}

}  // namespace torc::http
