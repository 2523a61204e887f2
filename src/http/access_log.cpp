#include "torc/http/access_log.hpp"

#include <charconv>

#include "http/chars.hpp"
#include "torc/http/date.hpp"

namespace torc::http {
namespace {

// An unquoted column: a space would begin the next one.
void append_column(std::string& out, std::string_view text) {
  if (text.empty()) out += '-';
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    detail::append_printable(out, text.substr(0, space), text.npos);
    if (space == text.npos) break;
    out += "\\x20";
    text.remove_prefix(space + 1);
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += " \"";
  if (text.empty()) out += '-';
  detail::append_printable(out, text, text.npos);
  out += '"';
}

void append_number(std::string& out, std::uint64_t value) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

void append_access_log(std::string& out, const AccessLogEntry& entry) {
  append_column(out, entry.client);
  out += " - ";
  append_column(out, entry.user);
  out += ' ';
  append_log_time(out, entry.time);
  append_quoted(out, entry.request_line);
  out += ' ';
  append_number(out, entry.status < 0 ? 0 : static_cast<std::uint64_t>(entry.status));
  out += ' ';
  if (entry.bytes.value_or(0) == 0) {
    out += '-';
  } else {
    append_number(out, *entry.bytes);
  }
  append_quoted(out, entry.referer);
  append_quoted(out, entry.user_agent);
}

}  // namespace torc::http
