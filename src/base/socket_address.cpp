#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "base/decimal.hpp"
#include "base/escape.hpp"
#include "base/hash_mix.hpp"
#include "torc/base/address.hpp"

namespace torc {
namespace {

static_assert(sizeof(sockaddr_un::sun_path) == SocketAddress::kMaxUnixPath + 1);
constexpr std::size_t kUnixHeader = offsetof(sockaddr_un, sun_path);

std::unique_ptr<const std::string> copy_of(const std::unique_ptr<const std::string>& path) {
  return path ? std::make_unique<const std::string>(*path) : nullptr;
}

// Why `text` cannot name a UNIX socket; empty if it can. Says nothing about NUL.
std::string_view unix_name_error(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (text.size() > SocketAddress::kMaxUnixPath) return "it is longer than the 107 bytes that the system allows";
  return {};
}

}  // namespace

SocketAddress::SocketAddress(const SocketAddress& other)
    : path_(copy_of(other.path_)),  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): path_ owns it
      ip_(other.ip_),
      port_(other.port_) {}

SocketAddress::SocketAddress(SocketAddress&& other) noexcept
    : path_(std::move(other.path_)), ip_(std::exchange(other.ip_, IpAddress{})), port_(std::exchange(other.port_, 0)) {}

SocketAddress& SocketAddress::operator=(const SocketAddress& other) {
  if (this != &other) *this = SocketAddress{other};
  return *this;
}

SocketAddress& SocketAddress::operator=(SocketAddress&& other) noexcept {
  if (this != &other) {
    path_ = std::move(other.path_);
    ip_ = std::exchange(other.ip_, IpAddress{});
    port_ = std::exchange(other.port_, 0);
  }
  return *this;
}

SocketAddress SocketAddress::of_unix(std::string path) {
  SocketAddress address;
  address.path_ = std::make_unique<const std::string>(std::move(path));
  return address;
}

std::expected<SocketAddress, std::string> SocketAddress::unix_path(std::string_view path) {
  std::string_view error = unix_name_error(path);
  if (path.contains('\0')) error = "there is a NUL in it";
  if (!error.empty()) return std::unexpected(fmt::format("UNIX socket path {}: {}", detail::in_quotes(path), error));
  return of_unix(std::string{path});
}

std::expected<SocketAddress, std::string> SocketAddress::unix_abstract(std::string_view name) {
  const std::string_view error = unix_name_error(name);
  if (!error.empty())
    return std::unexpected(fmt::format("abstract UNIX socket {}: {}", detail::in_quotes(name), error));
  return of_unix('\0' + std::string{name});
}

std::expected<SocketAddress, std::string> SocketAddress::parse(std::string_view text) {
  if (text.starts_with("unix:@")) return unix_abstract(text.substr(6));
  if (text.starts_with("unix:")) return unix_path(text.substr(5));

  const auto fail = [&](std::string_view why) {
    return std::unexpected(fmt::format("socket address {}: {}", detail::in_quotes(text), why));
  };
  constexpr std::string_view kShape = "it is written 192.0.2.1:80, [2001:db8::1]:80, unix:/path or unix:@name";
  const bool bracketed = text.starts_with('[');
  const std::size_t ip_end = bracketed ? text.find(']') : text.find(':');
  if (ip_end == text.npos) return fail(kShape);
  const std::string_view ip_text = text.substr(bracketed ? 1 : 0, bracketed ? ip_end - 1 : ip_end);
  std::string_view rest = text.substr(bracketed ? ip_end + 1 : ip_end);
  const auto ip = IpAddress::parse(ip_text);
  if (!ip || ip->is_v6() != bracketed || !rest.starts_with(':')) return fail(kShape);
  const auto port = detail::parse_decimal(rest.substr(1), 65535);
  if (!port) return fail("the port is a number from 0 to 65535");
  return SocketAddress{*ip, static_cast<std::uint16_t>(*port)};
}

std::expected<SocketAddress, std::string> SocketAddress::from_sockaddr(const struct sockaddr* address,
                                                                       std::uint32_t length) {
  // Copied out piece by piece: the caller's storage need not be aligned for, or of, the type its family names.
  const char* raw = reinterpret_cast<const char*>(address);
  sa_family_t family = AF_UNSPEC;
  if (address != nullptr && length >= offsetof(struct sockaddr, sa_data))
    std::memcpy(&family, raw + offsetof(struct sockaddr, sa_family), sizeof family);
  if (family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in in;
    std::memcpy(&in, raw, sizeof in);
    IpAddress::V4Bytes bytes;
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return SocketAddress{IpAddress{bytes}, ntohs(in.sin_port)};
  }
  if (family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in;
    std::memcpy(&in, raw, sizeof in);
    IpAddress::V6Bytes bytes;
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    if (in.sin6_scope_id > IpAddress::kMaxScope)
      return std::unexpected(fmt::format("sockaddr: scope {} is not an interface index", in.sin6_scope_id));
    return SocketAddress{IpAddress{bytes, in.sin6_scope_id}, ntohs(in.sin6_port)};
  }
  // One byte more than sockaddr_un: Linux reports a path of 108 bytes with its NUL outside the structure.
  if (family == AF_UNIX && length >= kUnixHeader && length <= sizeof(sockaddr_un) + 1) {
    std::string path{raw + kUnixHeader, length - kUnixHeader};
    if (!path.empty() && path[0] != '\0') path.resize(path.find('\0') == path.npos ? path.size() : path.find('\0'));
    if (path.size() <= sizeof(sockaddr_un::sun_path)) return of_unix(std::move(path));
  }
  return std::unexpected(fmt::format("sockaddr: family {} with {} bytes is neither IP nor UNIX", family, length));
}

std::uint32_t SocketAddress::to_sockaddr(struct sockaddr_storage* out) const noexcept {
  std::memset(out, 0, sizeof *out);
  if (is_unix()) {
    out->ss_family = AF_UNIX;
    char* path = reinterpret_cast<char*>(out) + kUnixHeader;
    path_->copy(path, path_->size());
    // The length of a path counts its terminator, if there is room for one; an abstract name has none, and a nameless
    // address is its family alone.
    const bool terminated = !path_->empty() && !is_abstract() && path_->size() <= kMaxUnixPath;
    const std::size_t terminator = terminated ? 1 : 0;
    return static_cast<std::uint32_t>(kUnixHeader + path_->size() + terminator);
  }
  if (ip_.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port_);
    std::memcpy(&in.sin_addr, ip_.bytes().data(), 4);
    std::memcpy(out, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port_);
  in.sin6_scope_id = ip_.scope();
  std::memcpy(&in.sin6_addr, ip_.bytes().data(), 16);
  std::memcpy(out, &in, sizeof in);
  return sizeof in;
}

std::string_view SocketAddress::path() const noexcept {
  if (!path_) return {};
  return std::string_view{*path_}.substr(is_abstract() ? 1 : 0);
}

SocketAddress SocketAddress::unmapped() const {
  SocketAddress address = *this;
  address.ip_ = ip_.unmapped();
  return address;
}

std::string SocketAddress::str() const {
  if (is_v4()) return fmt::format("{}:{}", ip_.str(), port_);
  if (is_v6()) return fmt::format("[{}]:{}", ip_.str(), port_);
  if (is_abstract()) return "unix:@" + detail::escaped(path());
  // "./" keeps a relative path that begins with "@" from reading as an abstract name.
  return (path().starts_with('@') ? "unix:./" : "unix:") + detail::escaped(path());
}

std::strong_ordering operator<=>(const SocketAddress& a, const SocketAddress& b) noexcept {
  if (a.is_unix() != b.is_unix()) return a.is_unix() <=> b.is_unix();
  if (a.is_unix()) return *a.path_ <=> *b.path_;
  if (auto order = a.ip_ <=> b.ip_; order != 0) return order;
  return a.port_ <=> b.port_;
}

}  // namespace torc

std::size_t std::hash<torc::SocketAddress>::operator()(const torc::SocketAddress& address) const noexcept {
  if (address.is_unix()) return torc::detail::hash_bytes(address.is_abstract() ? 2 : 1, address.path());
  return torc::detail::hash_word(std::hash<torc::IpAddress>{}(address.ip()), address.port());
}
