// Text of unknown origin as part of one line: for log records and error messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace torc::detail {

// Appends `text` with everything escaped that could end the line, move the cursor or reorder what is read: C0 and C1
// controls, DEL, U+2028, U+2029, the bidirectional controls, and bytes that are not UTF-8. Other UTF-8 stays as it is.
// A backslash is not doubled: what is printed is for people, not for parsing back.
void append_escaped(std::string& out, std::string_view text);
std::string escaped(std::string_view text);

// "text" in double quotes, escaped, and cut after `limit` bytes with "..." following.
std::string in_quotes(std::string_view text, std::size_t limit = 120);

}  // namespace torc::detail
