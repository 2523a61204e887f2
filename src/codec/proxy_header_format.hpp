// The numbers of the PROXY protocol, for its reader and its writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace torc::codec::proxy_format {

constexpr std::string_view kTextBegin = "PROXY ";
constexpr std::size_t kMaxText = 107;

constexpr std::string_view kSignature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t kPreamble = 16;  // signature, version and command, family, two bytes of length
constexpr std::uint8_t kLocal = 0x20, kProxy = 0x21;
constexpr std::uint8_t kUnspecified = 0x00, kTcp4 = 0x11, kTcp6 = 0x21, kUnixStream = 0x31;
constexpr std::size_t kUnixField = 108;
constexpr std::size_t kEnds4 = 2 * (4 + 2), kEnds6 = 2 * (16 + 2), kEndsUnix = 2 * kUnixField;

}  // namespace torc::codec::proxy_format
