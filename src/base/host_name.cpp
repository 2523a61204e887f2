#include "torc/base/host_name.hpp"

#include <algorithm>

#include "base/escape.hpp"
#include "torc/base/address.hpp"

namespace torc {
namespace {

constexpr std::size_t kMaxName = 253, kMaxLabel = 63;  // RFC 1035 section 2.3.4, as text

// Not isalnum and its kin: those ask the locale.
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_hex_digit(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

bool looks_like_a_number(std::string_view label) {
  if (label.starts_with("0x") || label.starts_with("0X")) return std::ranges::all_of(label.substr(2), is_hex_digit);
  return std::ranges::all_of(label, is_digit);
}

std::string_view label_error(std::string_view label) {
  if (label.empty()) return "a label is empty";
  if (label.size() > kMaxLabel) return "a label is longer than 63 characters";
  for (char c : label) {
    if (static_cast<unsigned char>(c) >= 0x80) return "a name outside ASCII is written in its xn-- form";
    if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_')
      return "a name holds only letters, digits, '-', '_' and dots between labels";
  }
  if (label.starts_with('-') || label.ends_with('-')) return "a label neither begins nor ends with '-'";
  return {};
}

std::string_view name_error(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.contains(':')) return "it is neither a host name nor an IPv6 address";
  const bool rooted = name.ends_with('.');
  if (rooted) name.remove_suffix(1);
  if (name.size() > kMaxName) return "it is longer than 253 characters";
  std::string_view label;
  for (std::size_t begin = 0; begin <= name.size(); begin += label.size() + 1) {
    label = name.substr(begin, name.find('.', begin) - begin);
    if (auto error = label_error(label); !error.empty()) return error;
  }
  if (looks_like_a_number(label))
    return "an IPv4 address is written in full as four decimal numbers, such as 192.0.2.1";
  return {};
}

}  // namespace

std::expected<void, std::string> check_host(std::string_view host) {
  if (IpAddress::parse(host)) return {};
  const std::string_view error = name_error(host);
  if (error.empty()) return {};
  return std::unexpected("host " + detail::in_quotes(host) + ": " + std::string{error});
}

}  // namespace torc
