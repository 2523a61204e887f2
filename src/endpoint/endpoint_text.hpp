// How an endpoint is written: the shortest string that means the same. Options that have their default are left out.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "torc/net/tcp_options.hpp"

namespace torc::detail {

// An IP address or host: IPv6 in brackets, which read better than backslashes.
std::string host_text(const std::string& host);

class EndpointText {
 public:
  // `head`: what stands before the options.
  explicit EndpointText(std::string head) : text_(std::move(head)) {}

  EndpointText& host(std::string_view key, const std::string& value);
  EndpointText& word(std::string_view key, const std::string& value);  // left out when empty, as the next
  EndpointText& list(std::string_view key, const std::vector<std::string>& values);
  EndpointText& number(std::string_view key, long value, long usual);
  EndpointText& yes_no(std::string_view key, bool value, bool usual);
  EndpointText& seconds(std::string_view key, std::chrono::milliseconds value, std::chrono::milliseconds usual);
  EndpointText& tcp_options(const TcpOptions& options);
  EndpointText& option(std::string_view key, std::string_view value);  // as it is

  std::string str() && { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace torc::detail
