// Backend: which interface of the kernel a reactor waits with.
//
//   torc::Reactor reactor{{.backend = torc::Backend::kUring}};
//   reactor.backend();        // what it runs on: kEpoll where the kernel refuses io_uring
//
// Who chooses nothing gets what the environment variable TORC_BACKEND names (epoll, poll or uring), and
// epoll without one. docs/howto/pollers.md tells them apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace torc {

enum class Backend : std::uint8_t {
  kEpoll,   // Linux: what suits most
  kPoll,    // anywhere; each turn costs a look at every descriptor. Cannot be hosted
  kUring,   // Linux 6.0 with liburing: never used unless chosen
  kKqueue,  // BSD and macOS; compiles there, untested
};

/// "epoll", "poll", "uring", "kqueue".
std::string_view to_string(Backend backend) noexcept;
/// The same names; nothing for any other text.
std::optional<Backend> parse_backend(std::string_view text) noexcept;

}  // namespace torc
