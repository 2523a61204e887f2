// One line of access log in the combined format that every log analyser reads:
//
//     192.0.2.7 - alice [10/Oct/2000:13:55:36 +0000] "GET /a HTTP/1.1" 200 2326 "https://example.org/" "Mozilla/5.0"
//
// Used by the server's log sink. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace torc::http {

/// What is logged of one exchange; texts as received, empty when unknown. Lifetime: the views need only outlast the call.
struct AccessLogEntry {
  std::string_view client = {};  ///< address, or what a trusted proxy said it was
  std::string_view user = {};  ///< authenticated, never merely claimed
  std::int64_t time = 0;  ///< when the request arrived, in unix seconds
  std::string_view request_line = {};
  int status = 0;
  std::optional<std::uint64_t> bytes =
      std::nullopt;  ///< of content sent; nullopt or 0 is written "-", as the format wants it
  std::string_view referer = {};
  std::string_view user_agent = {};
};

/// Appends the entry without line end. Empty texts become "-".
///
/// Every byte of a text that is not printable ASCII, and '"' and '\', becomes \xHH (as do spaces in `client` and `user`), so
/// no client can forge a line, a column or a terminal's escape sequence. Nothing is cut: the parser's limits already apply.
void append_access_log(std::string& out, const AccessLogEntry& entry);

}  // namespace torc::http
