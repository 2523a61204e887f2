// Addresses: IpAddress, IpNetwork (CIDR) and SocketAddress, small values that are copied, compared, sorted and hashed.
//
// Used by endpoints and transports (peer(), local()), by resolvers, and by everything that allows or denies by address.
// Values own all they hold and belong to no thread.
//
// Parsing is strict, because two readings of one text are how filters are walked around: IPv4 is four decimal numbers
// without leading zeros (`127.1`, `0x7f.1` and `010.0.0.1` are refused), IPv6 is RFC 4291, nothing may stand before or
// after. Errors are one line that names the input. Printing is RFC 5952, and what is printed parses back to an equal value.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

struct sockaddr;
struct sockaddr_storage;

namespace torc {

// An IPv4 or IPv6 address without a port. 20 bytes, trivially copyable; a default one is 0.0.0.0.
//
// An IPv4-mapped address (::ffff:1.2.3.4, what a dual-stack listener sees of an IPv4 peer) is a different value from the
// IPv4 address: == and the hash tell them apart, so key tables by unmapped(). The is_...() questions look through it.
class IpAddress {
 public:
  using V4Bytes = std::array<std::uint8_t, 4>;  // network order, as all bytes here
  using V6Bytes = std::array<std::uint8_t, 16>;
  static constexpr std::uint32_t kMaxScope = 0x7fffffff;  // interface indices are positive ints

  constexpr IpAddress() noexcept = default;
  constexpr explicit IpAddress(V4Bytes bytes) noexcept {
    for (std::size_t i = 0; i < 4; ++i) bytes_[i] = bytes[i];
  }
  // `scope` is the interface index of a link-local address (RFC 4007), 0 for none; only its low 31 bits are kept.
  constexpr explicit IpAddress(V6Bytes bytes, std::uint32_t scope = 0) noexcept
      : bytes_(bytes), is_v6_(1), scope_(scope & kMaxScope) {}

  static constexpr IpAddress any_v4() noexcept { return IpAddress{V4Bytes{}}; }
  static constexpr IpAddress any_v6() noexcept { return IpAddress{V6Bytes{}}; }
  static constexpr IpAddress loopback_v4() noexcept { return IpAddress{V4Bytes{127, 0, 0, 1}}; }
  static constexpr IpAddress loopback_v6() noexcept {
    return IpAddress{V6Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  }

  // "192.0.2.1", "2001:db8::1", "fe80::1%2", "fe80::1%eth0" (the name is looked up now), never "[::1]".
  static std::expected<IpAddress, std::string> parse(std::string_view text);

  constexpr bool is_v4() const noexcept { return is_v6_ == 0; }
  constexpr bool is_v6() const noexcept { return is_v6_ != 0; }
  constexpr std::uint32_t scope() const noexcept { return scope_; }
  // 4 or 16 bytes in network order; valid as long as the address lives.
  std::string_view bytes() const noexcept {
    return {reinterpret_cast<const char*>(bytes_.data()), is_v4() ? std::size_t{4} : std::size_t{16}};
  }
  // The 32 or 128 bits of the address.
  constexpr int bit_count() const noexcept { return is_v4() ? 32 : 128; }

  bool is_v4_mapped() const noexcept;
  // The IPv4 address inside an IPv4-mapped one; any other address as it is.
  IpAddress unmapped() const noexcept;

  bool is_any() const noexcept;  // 0.0.0.0, ::
  bool is_loopback() const noexcept;  // 127.0.0.0/8, ::1
  bool is_multicast() const noexcept;  // 224.0.0.0/4, ff00::/8
  bool is_link_local() const noexcept;  // 169.254.0.0/16, fe80::/10
  // RFC 1918 and RFC 4193 (fc00::/7) only. A guard against requests to inside addresses also asks is_any, is_loopback and
  // is_link_local.
  bool is_private() const noexcept;

  std::string str() const;

  friend constexpr bool operator==(const IpAddress&, const IpAddress&) noexcept = default;
  // IPv4 before IPv6, then by number, then by scope.
  friend constexpr std::strong_ordering operator<=>(const IpAddress& a, const IpAddress& b) noexcept {
    if (a.is_v6() != b.is_v6()) return a.is_v6() <=> b.is_v6();
    for (std::size_t i = 0; i < 16; ++i)
      if (a.bytes_[i] != b.bytes_[i]) return a.bytes_[i] <=> b.bytes_[i];
    return a.scope() <=> b.scope();
  }

 private:
  V6Bytes bytes_{};  // an IPv4 address is the first four, the others stay zero
  std::uint32_t is_v6_ : 1 = 0;
  std::uint32_t scope_ : 31 = 0;
};

// A network in CIDR notation: 10.0.0.0/8, 2001:db8::/32. A default one is 0.0.0.0/0.
//
// IPv4-mapped addresses are normalised on both sides, so an IPv4 rule holds on a dual-stack listener as well; and an IPv6
// network, even ::/0, never contains an IPv4 address in either spelling. Scopes play no part.
class IpNetwork {
 public:
  constexpr IpNetwork() noexcept = default;
  // Errors: a prefix longer than the address, or an address with bits set beyond the prefix (10.0.0.1/8), which is refused
  // and not masked: whoever wrote it meant either less or more.
  static std::expected<IpNetwork, std::string> make(IpAddress address, int prefix);
  // "10.0.0.0/8"; without "/", the network of that one address.
  static std::expected<IpNetwork, std::string> parse(std::string_view text);

  const IpAddress& address() const noexcept { return address_; }
  int prefix() const noexcept { return prefix_; }
  bool contains(const IpAddress& address) const noexcept;
  std::string str() const;  // always with the prefix

  friend bool operator==(const IpNetwork&, const IpNetwork&) noexcept = default;
  friend std::strong_ordering operator<=>(const IpNetwork&, const IpNetwork&) noexcept = default;

 private:
  IpAddress address_;
  std::uint8_t prefix_ = 0;
};

// Where a socket is: IP address and port, or a UNIX path. 32 bytes; only a UNIX path takes memory of its own.
// A default one is 0.0.0.0:0, and so is one that was moved from.
class SocketAddress {
 public:
  static constexpr std::size_t kMaxUnixPath = 107;  // what sockaddr_un holds beside its NUL

  SocketAddress() noexcept = default;
  SocketAddress(IpAddress ip, std::uint16_t port) noexcept : ip_(ip), port_(port) {}
  SocketAddress(const SocketAddress& other);
  SocketAddress(SocketAddress&& other) noexcept;
  SocketAddress& operator=(const SocketAddress& other);
  SocketAddress& operator=(SocketAddress&& other) noexcept;
  ~SocketAddress() = default;

  // A socket in the file system. Errors: empty, longer than kMaxUnixPath, a NUL inside; never truncated.
  static std::expected<SocketAddress, std::string> unix_path(std::string_view path);
  // A socket in Linux's abstract name space: any bytes, without the leading NUL. Errors: empty, longer than kMaxUnixPath.
  static std::expected<SocketAddress, std::string> unix_abstract(std::string_view name);
  // "1.2.3.4:80", "[::1]:80", "[fe80::1%2]:80", "unix:/run/web.sock", "unix:@abstract". The port is 0 to 65535, decimal.
  static std::expected<SocketAddress, std::string> parse(std::string_view text);

  // From what the kernel filled in. `length` is the socklen_t that came with it. Errors: another family, a short structure.
  static std::expected<SocketAddress, std::string> from_sockaddr(const struct sockaddr* address, std::uint32_t length);
  // Fills `out` for bind(), connect(), sendto(); returns the length to pass along.
  std::uint32_t to_sockaddr(struct sockaddr_storage* out) const noexcept;

  bool is_ip() const noexcept { return path_ == nullptr; }
  bool is_v4() const noexcept { return is_ip() && ip_.is_v4(); }
  bool is_v6() const noexcept { return is_ip() && ip_.is_v6(); }
  bool is_unix() const noexcept { return path_ != nullptr; }
  bool is_abstract() const noexcept { return is_unix() && !path_->empty() && path_->front() == '\0'; }

  // Of an IP address; 0.0.0.0 and 0 for a UNIX one.
  const IpAddress& ip() const noexcept { return ip_; }
  std::uint16_t port() const noexcept { return port_; }
  // Of a UNIX address: the path, or the abstract name without its leading NUL; empty for an unnamed socket (the peer of a
  // client that did not bind) and for an IP address. Valid as long as the address lives.
  std::string_view path() const noexcept;

  // The same with IPv4 inside IPv6 undone: what to log and to match rules against.
  SocketAddress unmapped() const;

  // As parse() takes it. Control bytes in a UNIX name are escaped, so it is one line of a log whoever chose the name.
  std::string str() const;

  friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept { return (a <=> b) == 0; }
  // IP before UNIX; by address, then port; UNIX by path, abstract names first.
  friend std::strong_ordering operator<=>(const SocketAddress& a, const SocketAddress& b) noexcept;

 private:
  static SocketAddress of_unix(std::string path);

  std::unique_ptr<const std::string> path_;  // null: an IP address. As in sockaddr_un: abstract names begin with NUL
  IpAddress ip_;
  std::uint16_t port_ = 0;
};

}  // namespace torc

// Equal values, equal hashes; the same in every run, so that a simulation replays. Not keyed: an enemy can make addresses
// that collide, so a table that strangers fill has a limit or is a std::map.
template <>
struct std::hash<torc::IpAddress> {
  std::size_t operator()(const torc::IpAddress& address) const noexcept;
};
template <>
struct std::hash<torc::IpNetwork> {
  std::size_t operator()(const torc::IpNetwork& network) const noexcept;
};
template <>
struct std::hash<torc::SocketAddress> {
  std::size_t operator()(const torc::SocketAddress& address) const noexcept;
};
