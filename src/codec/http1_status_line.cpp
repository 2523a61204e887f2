#include "codec/http1_status_line.hpp"

#include <torc/codec/http1_writer.hpp>

#include <array>
#include <cstdint>

namespace torc::codec::http1 {

namespace {

#define TORC_STATUS(code, reason) "HTTP/1.1 " #code " " reason "\r\n"

// The registry of RFC 9110 section 16.2.1 as of 2024.
constexpr std::string_view kLines[] = {
    TORC_STATUS(100, "Continue"),
    TORC_STATUS(101, "Switching Protocols"),
    TORC_STATUS(102, "Processing"),
    TORC_STATUS(103, "Early Hints"),
    TORC_STATUS(200, "OK"),
    TORC_STATUS(201, "Created"),
    TORC_STATUS(202, "Accepted"),
    TORC_STATUS(203, "Non-Authoritative Information"),
    TORC_STATUS(204, "No Content"),
    TORC_STATUS(205, "Reset Content"),
    TORC_STATUS(206, "Partial Content"),
    TORC_STATUS(207, "Multi-Status"),
    TORC_STATUS(208, "Already Reported"),
    TORC_STATUS(226, "IM Used"),
    TORC_STATUS(300, "Multiple Choices"),
    TORC_STATUS(301, "Moved Permanently"),
    TORC_STATUS(302, "Found"),
    TORC_STATUS(303, "See Other"),
    TORC_STATUS(304, "Not Modified"),
    TORC_STATUS(305, "Use Proxy"),
    TORC_STATUS(307, "Temporary Redirect"),
    TORC_STATUS(308, "Permanent Redirect"),
    TORC_STATUS(400, "Bad Request"),
    TORC_STATUS(401, "Unauthorized"),
    TORC_STATUS(402, "Payment Required"),
    TORC_STATUS(403, "Forbidden"),
    TORC_STATUS(404, "Not Found"),
    TORC_STATUS(405, "Method Not Allowed"),
    TORC_STATUS(406, "Not Acceptable"),
    TORC_STATUS(407, "Proxy Authentication Required"),
    TORC_STATUS(408, "Request Timeout"),
    TORC_STATUS(409, "Conflict"),
    TORC_STATUS(410, "Gone"),
    TORC_STATUS(411, "Length Required"),
    TORC_STATUS(412, "Precondition Failed"),
    TORC_STATUS(413, "Content Too Large"),
    TORC_STATUS(414, "URI Too Long"),
    TORC_STATUS(415, "Unsupported Media Type"),
    TORC_STATUS(416, "Range Not Satisfiable"),
    TORC_STATUS(417, "Expectation Failed"),
    TORC_STATUS(421, "Misdirected Request"),
    TORC_STATUS(422, "Unprocessable Content"),
    TORC_STATUS(423, "Locked"),
    TORC_STATUS(424, "Failed Dependency"),
    TORC_STATUS(425, "Too Early"),
    TORC_STATUS(426, "Upgrade Required"),
    TORC_STATUS(428, "Precondition Required"),
    TORC_STATUS(429, "Too Many Requests"),
    TORC_STATUS(431, "Request Header Fields Too Large"),
    TORC_STATUS(451, "Unavailable For Legal Reasons"),
    TORC_STATUS(500, "Internal Server Error"),
    TORC_STATUS(501, "Not Implemented"),
    TORC_STATUS(502, "Bad Gateway"),
    TORC_STATUS(503, "Service Unavailable"),
    TORC_STATUS(504, "Gateway Timeout"),
    TORC_STATUS(505, "HTTP Version Not Supported"),
    TORC_STATUS(506, "Variant Also Negotiates"),
    TORC_STATUS(507, "Insufficient Storage"),
    TORC_STATUS(508, "Loop Detected"),
    TORC_STATUS(511, "Network Authentication Required"),
};

#undef TORC_STATUS

constexpr std::size_t kCodeOffset = 9;

// Status minus 100 to index in kLines plus 1; 0 where there is none.
constexpr std::array<std::uint8_t, 500> kIndex = [] {
  std::array<std::uint8_t, 500> index{};
  std::uint8_t next = 1;
  for (std::string_view line : kLines) {
    const int status =
        (line[kCodeOffset] - '0') * 100 + (line[kCodeOffset + 1] - '0') * 10 + (line[kCodeOffset + 2] - '0');
    index[static_cast<std::size_t>(status - 100)] = next++;
  }
  return index;
}();

}  // namespace

namespace detail {

std::string_view status_line(int status) noexcept {
  if (status < 100 || status > 599) return {};
  const std::uint8_t index = kIndex[static_cast<std::size_t>(status - 100)];
  return index == 0 ? std::string_view() : kLines[index - 1];
}

}  // namespace detail

std::string_view reason_phrase(int status) noexcept {
  std::string_view line = detail::status_line(status);
  if (line.empty()) return "Unknown";
  line.remove_prefix(kCodeOffset + 4);
  line.remove_suffix(2);
  return line;
}

}  // namespace torc::codec::http1
