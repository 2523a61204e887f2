// What the tests of endpoint strings compare.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "torc/endpoint/endpoint.hpp"

namespace torc {

// The fault without the part that every message has: `endpoint "...": FAULT (at character N)`, as "N: FAULT".
template <typename Result>
std::string fault(std::string_view text, const Result& result) {
  if (result) return "accepted as " + result->str();
  const std::string& message = result.error().message;
  const std::string head = "endpoint \"" + std::string{text} + "\": ";
  const std::string tail = " (at character " + std::to_string(result.error().position + 1) + ")";
  EXPECT_TRUE(message.starts_with(head)) << message;
  EXPECT_TRUE(message.ends_with(tail)) << message;
  EXPECT_LE(result.error().position, text.size());
  return std::to_string(result.error().position + 1) + ": " +
         message.substr(head.size(), message.size() - head.size() - tail.size());
}
inline std::string server_fault(std::string_view text) { return fault(text, parse_server_endpoint(text)); }
inline std::string client_fault(std::string_view text) { return fault(text, parse_client_endpoint(text)); }

}  // namespace torc
