/// The header by which a proxy says for whom it connects: the PROXY protocol, version 1 (a line of text) and 2 (binary),
/// as HAProxy specifies it.
///
///   ProxyHeaderParser parser;
///   switch (parser.next(input)) { ... }     // pulled until kDone; what follows the header stays in `input`
///
/// Bytes may come at any split. Nothing behind the header is taken, nothing is kept of a header but the two addresses, and
/// what is not a header is refused at its first wrong byte, or when the part it stands in is whole. Pure: no socket, no
/// clock, any thread.
#pragma once

#include <torc/base/address.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace torc::codec {

struct ProxyHeader {
  /// Who connected, and where to; neither when the proxy does not say: for its own connections (LOCAL), or for a family
  /// that it cannot express (UNKNOWN). Then those of the connection itself hold.
  struct Ends {
    SocketAddress source, destination;
    bool operator==(const Ends&) const = default;
  };
  std::optional<Ends> ends = std::nullopt;

  bool operator==(const ProxyHeader&) const = default;
};

class ProxyHeaderParser {
 public:
  enum class Event : std::uint8_t { kNeedMore, kDone, kError };

  /// `max_length`: the longest header of version 2 that is let through, with the extensions (TLVs) it carries, which are
  /// skipped. One of version 1 has at most 107 bytes.
  explicit ProxyHeaderParser(std::size_t max_length = 4096) noexcept : max_length_(max_length) {}

  /// Takes what belongs to the header from the front of `input`. After kDone and kError it takes nothing more.
  Event next(std::string_view& input);
  /// After kDone.
  const ProxyHeader& header() const noexcept { return header_; }
  /// After kError: why, in one clause.
  std::string_view error() const noexcept { return error_; }

 private:
  Event fail(std::string_view why) noexcept;
  Event text(std::string_view& input);
  Event binary(std::string_view& input);
  Event read_line(std::string_view line);
  Event read_preamble();
  Event read_addresses();

  std::size_t max_length_;
  std::string held_;  // what came of the line, or of the preamble and the addresses
  std::size_t wanted_ = 0;  // of a binary header: bytes to hold
  std::size_t skip_ = 0;    // ... and bytes behind these to pass over
  Event state_ = Event::kNeedMore;
  ProxyHeader header_;
  std::string_view error_;
};

/// The header as a proxy sends it. Version 1 says UNKNOWN for what is not two IP addresses of one family.
std::string write_proxy_header_v1(const ProxyHeader& header);
/// `extensions`: TLVs, as they are to stand behind the addresses, up to 65,000 bytes.
std::string write_proxy_header_v2(const ProxyHeader& header, std::string_view extensions = {});

}  // namespace torc::codec
