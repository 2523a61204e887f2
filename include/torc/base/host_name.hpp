// What may stand where a host is named: an IP address or a DNS name. Checked before it reaches a resolver.
//
// Used by endpoint strings, URLs and resolvers. A pure function, for any thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace torc {

// `host` is an IPv4 or IPv6 address as IpAddress::parse takes it (no brackets), or a name of labels of 1 to 63 letters,
// digits, '-' and '_' with neither '-' at an end, 253 characters together; one dot may follow. Names are refused rather
// than truncated (a truncated name is another host), and names in other scripts are to be given in their xn-- form.
//
// One rule for what looks like a number: a name whose last label is all digits, or 0x and hex digits, is an IPv4 address,
// and then only the full dotted form is one. "127.1", "0x7f.1", "2130706433" and "127.0.0.1." are refused, since system
// resolvers turn them into addresses that no filter saw.
//
// Errors: one line that names the host and says what is wrong.
std::expected<void, std::string> check_host(std::string_view host);

}  // namespace torc
