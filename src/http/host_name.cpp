#include "http/host_name.hpp"

#include <algorithm>

#include "http/chars.hpp"

namespace torc::http::detail {
namespace {

// What stands before the next `separator`, which is consumed. `more` says whether there was one.
std::string_view take(std::string_view& text, char separator, bool& more) {
  const std::size_t end = text.find(separator);
  more = end != text.npos;
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(more ? end + 1 : text.size());
  return part;
}

// Counts the 16-bit groups of a ':'-separated list, where only the very last may be a dotted quad. -1 if malformed.
int count_groups(std::string_view text, bool may_end_in_ipv4) {
  if (text.empty()) return 0;
  int groups = 0;
  for (bool more = true; more;) {
    const std::string_view group = take(text, ':', more);
    if (!more && may_end_in_ipv4 && group.contains('.')) return is_ipv4(group) ? groups + 2 : -1;
    if (group.empty() || group.size() > 4 || !std::ranges::all_of(group, is_hex)) return -1;
    ++groups;
  }
  return groups;
}

bool is_number(std::string_view label) {
  if (label.starts_with("0x") || label.starts_with("0X")) return std::ranges::all_of(label.substr(2), is_hex);
  return std::ranges::all_of(label, is_digit);
}

}  // namespace

bool is_ipv4(std::string_view text) {
  for (int octet = 0; octet < 4; ++octet) {
    bool more = false;
    const std::string_view part = take(text, '.', more);
    if (more != (octet < 3) || part.empty() || part.size() > 3 || !std::ranges::all_of(part, is_digit)) return false;
    if (part.size() > 1 && part.front() == '0') return false;
    if (part.size() == 3 && part > std::string_view("255")) return false;
  }
  return true;
}

bool is_ipv6(std::string_view text) {
  if (text.size() > 45) return false;  // the longest: eight groups, the last two as a dotted quad
  const std::size_t gap = text.find("::");
  if (gap == text.npos) return count_groups(text, true) == 8;
  const int before = count_groups(text.substr(0, gap), false);
  const int after = count_groups(text.substr(gap + 2), true);
  return before >= 0 && after >= 0 && before + after <= 7;
}

std::string_view host_name_fault(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() > 253) return "host name longer than 253 bytes";
  std::string_view rest = host, label;
  for (bool more = true; more;) {
    label = take(rest, '.', more);
    if (label.empty()) return "empty label in the host name";
    if (label.size() > 63) return "label longer than 63 bytes in the host name";
    for (char c : label) {
      if (static_cast<unsigned char>(c) >= 0x80) return "non-ASCII host name; give its xn-- form";
      if (!is_alnum(c) && c != '-' && c != '_') return "a host name has letters, digits, '-', '_' and '.' only";
    }
  }
  if (is_number(label) && !is_ipv4(host)) return "a host that ends in a number must be an IPv4 address of four octets";
  return {};
}

}  // namespace torc::http::detail
