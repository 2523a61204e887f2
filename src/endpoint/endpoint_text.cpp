#include "endpoint/endpoint_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "torc/base/address.hpp"
#include "torc/endpoint/endpoint.hpp"

namespace torc::detail {
namespace {

std::string seconds_text(std::chrono::milliseconds time) {
  std::string text = fmt::format("{}.{:03}", time.count() / 1000, time.count() % 1000);
  text.resize(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

std::string host_text(const std::string& host) {
  const auto address = IpAddress::parse(host);
  return address && address->is_v6() ? '[' + host + ']' : quote_argument(host);
}

EndpointText& EndpointText::option(std::string_view key, std::string_view value) {
  text_ += fmt::format(":{}={}", key, value);
  return *this;
}

EndpointText& EndpointText::host(std::string_view key, const std::string& value) {
  return value.empty() ? *this : option(key, host_text(value));
}

EndpointText& EndpointText::word(std::string_view key, const std::string& value) {
  return value.empty() ? *this : option(key, quote_argument(value));
}

EndpointText& EndpointText::list(std::string_view key, const std::vector<std::string>& values) {
  return word(key, fmt::format("{}", fmt::join(values, ",")));
}

EndpointText& EndpointText::number(std::string_view key, long value, long usual) {
  return value == usual ? *this : option(key, std::to_string(value));
}

EndpointText& EndpointText::yes_no(std::string_view key, bool value, bool usual) {
  return value == usual ? *this : option(key, value ? "yes" : "no");
}

EndpointText& EndpointText::seconds(std::string_view key, std::chrono::milliseconds value,
                                    std::chrono::milliseconds usual) {
  return value == usual ? *this : option(key, seconds_text(value));
}

EndpointText& EndpointText::tcp_options(const TcpOptions& options) {
  const TcpOptions usual;
  return yes_no("nodelay", options.no_delay, usual.no_delay)
      .number("keepalive", options.keep_alive.count(), usual.keep_alive.count())
      .seconds("usertimeout", options.user_timeout, usual.user_timeout)
      .yes_no("fastopen", options.fast_open, usual.fast_open);
}

}  // namespace torc::detail

namespace torc {

std::string quote_argument(std::string_view text) {
  std::string out;
  for (char c : text) {
    // '[' has a meaning only at the front, but a backslash is never wrong.
    if (c == '\\' || c == ':' || c == '=' || c == '[') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace torc
