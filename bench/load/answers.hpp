// The least of an HTTP/1.1 client that can tell a right answer from a wrong one.
#pragma once

#include "load.hpp"

namespace bench {

inline constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// Length of the answer at the front of `data`, 0 if it is not complete. Ends the program unless it is a 200 with
/// Content-Length, a Date, and a body of the length that was asked for.
inline std::size_t answer_length(std::string_view data, std::size_t body) {
  std::size_t head = data.find("\r\n\r\n");
  if (head == data.npos) return 0;
  std::string_view lines = data.substr(0, head + 2);
  if (!lines.starts_with("HTTP/1.1 200 ")) fail("status is not 200");

  bool dated = false, sized = false;
  for (std::size_t end; !lines.empty(); lines.remove_prefix(end + 2)) {
    end = lines.find("\r\n");
    std::string_view line = lines.substr(0, end);
    auto is = [&](std::string_view name) {
      return line.size() > name.size() && strncasecmp(line.data(), name.data(), name.size()) == 0;
    };
    if (is("date:")) dated = true;
    if (is("content-length:")) {
      sized = std::strtoul(line.data() + std::strlen("content-length:"), nullptr, 10) == body;
    }
  }
  if (!dated) fail("no Date");
  if (!sized) fail("no Content-Length, or a wrong one");
  std::size_t length = head + 4 + body;
  return data.size() < length ? 0 : length;
}

/// Reads exactly `count` answers.
inline void read_answers(int fd, long count, std::size_t body) {
  static char buffer[256 * 1024];
  std::size_t have = 0, done = 0;
  while (count > 0) {
    errno = 0;
    ssize_t n = recv(fd, buffer + have, sizeof buffer - have, 0);
    if (n <= 0) fail("recv");
    have += static_cast<std::size_t>(n);
    for (std::size_t length; (length = answer_length({buffer + done, have - done}, body)) > 0; --count) done += length;
  }
  errno = 0;
  if (count < 0 || done != have) fail("more answers than requests");
}

}  // namespace bench
