/// Status lines made ahead of time, one for each registered status.
#pragma once

#include <string_view>

namespace torc::codec::http1::detail {

/// "HTTP/1.1 404 Not Found\r\n" for 404; empty for a status nobody registered or outside 100..599.
[[nodiscard]] std::string_view status_line(int status) noexcept;

}  // namespace torc::codec::http1::detail
