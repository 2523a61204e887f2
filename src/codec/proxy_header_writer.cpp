#include <torc/codec/proxy_header.hpp>

#include "codec/proxy_header_format.hpp"

#include <sys/socket.h>
#include <sys/un.h>

namespace torc::codec {

namespace {

using namespace proxy_format;

void append_number(std::string& out, std::size_t two_bytes) {
  out += static_cast<char>(two_bytes >> 8 & 0xff);
  out += static_cast<char>(two_bytes & 0xff);
}

void append_unix(std::string& out, const SocketAddress& end) {
  sockaddr_storage raw;
  const auto size = end.to_sockaddr(&raw);
  std::string field(reinterpret_cast<const char*>(&raw) + offsetof(sockaddr_un, sun_path),
                    size - offsetof(sockaddr_un, sun_path));
  field.resize(kUnixField);
  out += field;
}

// The family of both ends, or kUnspecified.
std::uint8_t family_of(const ProxyHeader& header) {
  if (!header.ends) return kUnspecified;
  const auto& [source, destination] = *header.ends;
  if (source.is_v4() && destination.is_v4()) return kTcp4;
  if (source.is_v6() && destination.is_v6()) return kTcp6;
  return source.is_unix() && destination.is_unix() ? kUnixStream : kUnspecified;
}

// Scopes mean something on the proxy's machine only.
std::string text_of(const IpAddress& ip) {
  const std::string text = ip.str();
  return text.substr(0, text.find('%'));
}

}  // namespace

std::string write_proxy_header_v1(const ProxyHeader& header) {
  const auto family = family_of(header);
  if (family != kTcp4 && family != kTcp6) return "PROXY UNKNOWN\r\n";
  const auto& [source, destination] = *header.ends;
  return (family == kTcp4 ? "PROXY TCP4 " : "PROXY TCP6 ") + text_of(source.ip()) + " " + text_of(destination.ip()) + " " +
         std::to_string(source.port()) + " " + std::to_string(destination.port()) + "\r\n";
}

std::string write_proxy_header_v2(const ProxyHeader& header, std::string_view extensions) {
  const auto family = family_of(header);
  std::string ends;
  if (family == kUnixStream) {
    append_unix(ends, header.ends->source);
    append_unix(ends, header.ends->destination);
  } else if (family != kUnspecified) {
    ends += header.ends->source.ip().bytes();
    ends += header.ends->destination.ip().bytes();
    append_number(ends, header.ends->source.port());
    append_number(ends, header.ends->destination.port());
  }
  std::string out(kSignature);
  out += static_cast<char>(header.ends ? kProxy : kLocal);
  out += static_cast<char>(family);
  append_number(out, ends.size() + extensions.size());
  out += ends;
  out += extensions;
  return out;
}

}  // namespace torc::codec
