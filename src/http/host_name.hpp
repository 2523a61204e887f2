// What may stand where a URL names its host.
//
// Private. Purely lexical: nothing is looked up.
#pragma once

#include <string_view>

namespace torc::http::detail {

/// Whether `text` is an IPv6 address without brackets or zone (RFC 3986 §3.2.2 IPv6address).
bool is_ipv6(std::string_view text);

/// Whether `text` is four decimal octets without leading zeros (RFC 3986 §3.2.2 IPv4address).
bool is_ipv4(std::string_view text);

/// What is wrong with a host that is not an IP literal; empty when nothing is.
///
/// Letters, digits, '-' and '_' in labels of 1 to 63 bytes, 253 bytes in all, one final dot allowed (RFC 1123 §2.1, and the
/// underscore that real names have). A last label that is a number makes it an IPv4 address, which must then be complete.
std::string_view host_name_fault(std::string_view host);

}  // namespace torc::http::detail
