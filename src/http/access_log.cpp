#include "torc/http/access_log.hpp"

#include <charconv>

#include "http/chars.hpp"
#include "torc/http/date.hpp"

namespace torc::http {
namespace {

void append_byte(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += "\\x";
  out += detail::kUpperHex[byte >> 4];
  out += detail::kUpperHex[byte & 15];
}

void append_text(std::string& out, std::string_view text, bool quoted) {
  if (text.empty()) out += '-';
  for (char c : text) {
    const bool plain = c > 0x20 && c < 0x7f && c != '"' && c != '\\';
    plain || (quoted && c == ' ') ? out.push_back(c) : append_byte(out, c);
  }
}

// In an unquoted column a space would begin the next one.
void append_column(std::string& out, std::string_view text) { append_text(out, text, false); }

void append_quoted(std::string& out, std::string_view text) {
  out += " \"";
  append_text(out, text, true);
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
