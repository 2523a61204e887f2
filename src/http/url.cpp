#include "torc/http/url.hpp"

#include <algorithm>

#include "base/decimal.hpp"
#include "base/escape.hpp"
#include "codec/http1_chars.hpp"
#include "http/chars.hpp"
#include "torc/base/address.hpp"
#include "torc/base/host_name.hpp"

namespace torc::http {
namespace {

namespace wire = codec::http1::detail;

using detail::is_hex;

// A reference cut at the delimiters of RFC 3986 appendix B. `has_*` tells an empty part from an absent one.
struct Parts {
  std::string_view scheme, authority, path, query;
  bool has_scheme = false, has_authority = false, has_query = false;
};

// The input as it may be shown to anyone: whatever stands before an '@' in the authority, or in a text that has no
// authority at all, may be a password.
std::string shown(std::string_view text) {
  const std::size_t slashes = text.find("//");
  const std::size_t begin = slashes == text.npos ? 0 : slashes + 2;
  const std::size_t end = slashes == text.npos ? text.size() : std::min(text.find_first_of("/?#", begin), text.size());
  const std::size_t at = text.substr(0, end).rfind('@');
  if (at == text.npos || at < begin) return torc::detail::in_quotes(text);
  return torc::detail::in_quotes(std::string(text.substr(0, begin)).append("***").append(text.substr(at)));
}

std::unexpected<std::string> refuse(std::string_view text, std::string_view why) {
  return std::unexpected(("URL " + shown(text)).append(": ").append(why));
}

// The first byte of `part` that its grammar does not allow, as a complaint; empty when all is well.
// `extra` holds what the part allows beside unreserved, sub-delims, ':', '@' and escapes.
std::string find_fault(std::string_view part, std::string_view extra, std::string_view what) {
  for (std::size_t i = 0; i < part.size(); ++i) {
    const char c = part[i];
    if (c == '%') {
      if (i + 2 >= part.size() || !is_hex(part[i + 1]) || !is_hex(part[i + 2])) {
        return std::string("bad percent escape in the ").append(what);
      }
      i += 2;
    } else if (!detail::is_unreserved(c) && !detail::is_sub_delim(c) && c != ':' && c != '@' && !extra.contains(c)) {
      const auto byte = static_cast<unsigned char>(c);
      const char code[] = {'%', detail::kUpperHex[byte >> 4], detail::kUpperHex[byte & 15], '\0'};
      std::string why = byte >= 0x80 ? "non-ASCII byte" : c == ' ' ? "space" : detail::is_control(c) ? "control" : "";
      if (why.empty()) why = std::string("'") + c + '\'';
      return why.append(" in the ").append(what).append("; percent-encode it as ").append(code);
    }
  }
  return {};
}

Parts split(std::string_view text) {
  Parts parts;
  text = text.substr(0, text.find('#'));
  if (const std::size_t mark = text.find('?'); mark != text.npos) {
    parts.query = text.substr(mark + 1);
    parts.has_query = true;
    text = text.substr(0, mark);
  }
  const std::size_t colon = text.find_first_of(":/");
  if (colon != text.npos && text[colon] == ':') {
    parts.scheme = text.substr(0, colon);
    parts.has_scheme = true;
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    const std::size_t end = text.find('/', 2);
    parts.authority = text.substr(2, end == text.npos ? end : end - 2);
    parts.has_authority = true;
    text = end == text.npos ? std::string_view{} : text.substr(end);
  }
  parts.path = text;
  return parts;
}

// RFC 3986 §5.2.4, for a path that begins with '/'. Nothing climbs above the root.
std::string remove_dot_segments(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  while (!path.empty()) {
    const std::size_t next = path.find('/', 1);
    const std::string_view segment = path.substr(0, next);  // with its leading '/'
    const bool last = next == path.npos;
    if (segment == "/.." && !out.empty()) out.erase(out.rfind('/'));
    if (segment == "/." || segment == "/..") {
      if (last) out += '/';
    } else {
      out += segment;
    }
    path = last ? std::string_view{} : path.substr(next);
  }
  return out;
}

// RFC 3986 §5.2.3: the reference's path in place of what follows the last '/' of the base's.
std::string merge(std::string_view base_path, std::string_view path) {
  std::string out(base_path.substr(0, base_path.rfind('/') + 1));
  return out += path;
}

// `[":" digits]` after the host. Empty digits mean the default (RFC 3986 §3.2.3).
bool parse_port(std::string_view text, std::uint16_t& port) {
  if (text.empty() || text == ":") return true;
  const auto value = text.front() == ':' ? torc::detail::parse_decimal(text.substr(1), 65535) : std::nullopt;
  if (value.value_or(0) == 0) return false;
  port = static_cast<std::uint16_t>(*value);
  return true;
}

// Cuts the authority into host and the rest (empty, or from the ':'). Gives the complaint, empty when all is well.
std::string parse_authority(std::string_view authority, std::string& host, std::uint16_t& port) {
  if (authority.contains('@')) return "user information is not accepted in a URL; send an Authorization field";
  std::string_view rest;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == authority.npos) return "'[' without ']' in the host";
    const std::string_view literal = authority.substr(1, close - 1);
    // A zone means something to this host only, and IpAddress would look it up.
    if (literal.contains('%')) return "an IPv6 address in a URL has no zone";
    const auto address = IpAddress::parse(literal);
    if (!address || address->is_v4()) return "bad IPv6 address in the host";
    host = address->str();
    rest = authority.substr(close + 1);
  } else {
    const std::size_t colon = authority.find(':');
    host = authority.substr(0, colon);
    rest = colon == authority.npos ? std::string_view{} : authority.substr(colon);
    if (host.empty()) return "the host is empty";
    if (const auto valid = check_host(host); !valid) return valid.error();
  }
  for (char& c : host) c = detail::to_lower(c);
  if (!parse_port(rest, port)) return "the port is not a number from 1 to 65535";
  return {};
}

// Everything both `parse` and `resolve` require of a text before it is cut up.
std::string check(std::string_view text, const Parts& parts) {
  if (text.size() > Url::kMaxLength) return "longer than 65536 bytes";
  if (parts.has_scheme && !wire::iequals(parts.scheme, "http") && !wire::iequals(parts.scheme, "https")) {
    return "the scheme is neither http nor https";
  }
  if (parts.has_scheme && !parts.has_authority) return "no \"//\" and host after the scheme";
  if (std::string why = find_fault(parts.path, "/", "path"); !why.empty()) return why;
  if (std::string why = find_fault(parts.query, "/?", "query"); !why.empty()) return why;
  const std::size_t hash = text.find('#');
  return hash == text.npos ? std::string{} : find_fault(text.substr(hash + 1), "/?", "fragment");
}

}  // namespace

std::expected<Url, std::string> Url::parse(std::string_view text) {
  const Parts parts = split(text);
  if (text.empty()) return refuse(text, "empty");
  if (!parts.has_scheme) return refuse(text, "no scheme; an absolute URL begins with http:// or https://");
  if (const std::string why = check(text, parts); !why.empty()) return refuse(text, why);
  Url url;
  url.secure_ = parts.scheme.size() == 5;
  url.port_ = url.secure_ ? 443 : 80;
  if (const std::string why = parse_authority(parts.authority, url.host_, url.port_); !why.empty()) {
    return refuse(text, why);
  }
  url.target_ = parts.path.empty() ? "/" : remove_dot_segments(parts.path);
  url.path_size_ = url.target_.size();
  if (parts.has_query) url.target_.append("?").append(parts.query);
  return url;
}

std::expected<Url, std::string> Url::resolve(std::string_view reference) const {
  const Parts parts = split(reference);
  if (parts.has_scheme) return parse(reference);
  if (const std::string why = check(reference, parts); !why.empty()) return refuse(reference, why);
  Url url = *this;
  if (parts.has_authority) {
    url.port_ = secure_ ? 443 : 80;
    if (const std::string why = parse_authority(parts.authority, url.host_, url.port_); !why.empty()) {
      return refuse(reference, why);
    }
  }
  // An empty path keeps the base's, and then only an absent query keeps the base's query too (RFC 3986 §5.2.2).
  if (parts.path.empty() && !parts.has_authority && !parts.has_query) return url;
  if (!parts.path.empty()) {
    url.target_ = remove_dot_segments(parts.path.front() == '/' ? std::string(parts.path) : merge(path(), parts.path));
  } else {
    url.target_ = parts.has_authority ? "/" : std::string(path());
  }
  url.path_size_ = url.target_.size();
  if (parts.has_query) url.target_.append("?").append(parts.query);
  return url;
}

std::string_view Url::query() const {
  return path_size_ < target_.size() ? std::string_view(target_).substr(path_size_ + 1) : std::string_view{};
}

std::string Url::authority() const {
  std::string out = host_.contains(':') ? '[' + host_ + ']' : host_;
  if (port_ != (secure_ ? 443 : 80)) out.append(":").append(std::to_string(port_));
  return out;
}

std::string Url::origin() const { return std::string(scheme()).append("://").append(authority()); }

bool Url::same_origin(const Url& other) const {
  return secure_ == other.secure_ && port_ == other.port_ && host_ == other.host_;
}

std::string Url::str() const { return origin().append(target_); }

}  // namespace torc::http
