#include "codec/http1_target.hpp"

#include "codec/http1_chars.hpp"

#include <algorithm>

namespace torc::codec::http1::detail {

namespace {

bool hex_digit(char c) noexcept { return is(kDigitByte, c) || (lower(c) >= 'a' && lower(c) <= 'f'); }

bool valid_port(std::string_view port) noexcept {
  if (port.size() > 5) return false;
  unsigned value = 0;
  for (char c : port) {
    if (!is(kDigitByte, c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= 65535;
}

bool valid_registered_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (is(kHostByte, name[i])) continue;
    if (name[i] != '%' || name.size() - i < 3 || !hex_digit(name[i + 1]) || !hex_digit(name[i + 2])) return false;
    i += 2;
  }
  return true;
}

// Only the alphabet of an IP-literal is checked (RFC 3986 section 3.2.2); what it means is for whoever connects.
bool valid_ip_literal(std::string_view inner) noexcept {
  return !inner.empty() && std::ranges::all_of(inner, [](char c) { return is(kHostByte, c) || c == ':'; });
}

}  // namespace

bool valid_host(std::string_view host) noexcept {
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos || !valid_ip_literal(host.substr(1, close - 1))) return false;
    const std::string_view rest = host.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && valid_port(rest.substr(1)));
  }
  const std::size_t colon = host.find(':');
  if (colon == std::string_view::npos) return valid_registered_name(host);
  return colon != 0 && valid_registered_name(host.substr(0, colon)) && valid_port(host.substr(colon + 1));
}

AbsoluteTarget split_absolute(std::string_view target) noexcept {
  std::size_t begin = 0;
  if (iequals(target.substr(0, 7), "http://")) begin = 7;
  if (iequals(target.substr(0, 8), "https://")) begin = 8;
  if (begin == 0) return {{}, target};
  const std::size_t end = std::min(target.find_first_of("/?", begin), target.size());
  return {target.substr(begin, end - begin), target.substr(end)};
}

bool valid_target(std::string_view method, std::string_view target) noexcept {
  if (target.empty() || skip_target(target.data(), target.data() + target.size()) != target.data() + target.size())
    return false;
  if (method == "CONNECT") {
    const std::size_t colon = target.rfind(':');
    return colon != std::string_view::npos && colon + 1 < target.size() && valid_host(target);
  }
  if (target.front() == '/') return true;
  if (target == "*") return method == "OPTIONS";
  const std::string_view authority = split_absolute(target).authority;
  return !authority.empty() && valid_host(authority);
}

}  // namespace torc::codec::http1::detail
