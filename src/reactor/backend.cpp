#include <torc/reactor/backend.hpp>

#include "reactor/poller.hpp"

#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <iterator>
#include <string>

namespace torc {

namespace {

constexpr std::string_view kNames[] = {"epoll", "poll", "uring", "kqueue"};  // in the order of Backend

Backend default_backend() {
  const char* const name = std::getenv("TORC_BACKEND");
  if (!name || !*name) return Backend::kEpoll;
  if (const auto backend = parse_backend(name)) return *backend;
  log::warning("reactor", "TORC_BACKEND=" + std::string(name) +
                              " names no backend (epoll, poll and uring are some): epoll is used");
  return Backend::kEpoll;
}

}  // namespace

std::string_view to_string(Backend backend) noexcept { return kNames[static_cast<std::size_t>(backend)]; }

std::optional<Backend> parse_backend(std::string_view text) noexcept {
  const auto* const found = std::ranges::find(kNames, text);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<Backend>(found - kNames);
}

namespace detail {

std::unique_ptr<Poller> make_poller(std::optional<Backend> chosen) {
  const Backend backend = chosen ? *chosen : default_backend();
  try {
    switch (backend) {
      case Backend::kEpoll:
        break;
      case Backend::kPoll:
        return make_poll_poller();
      case Backend::kUring:
        return make_uring_poller();
      case Backend::kKqueue:
        return make_kqueue_poller();
    }
  } catch (const Error& refused) {
    log::warning("reactor", std::string(refused.what()) + ": epoll is used instead of " + std::string(to_string(backend)));
  }
  return make_epoll_poller();
}

int milliseconds_up(Duration limit) noexcept {
  if (limit < Duration::zero()) return -1;
  return static_cast<int>(std::min<Duration::rep>(limit.count() / 1'000'000 + (limit.count() % 1'000'000 > 0), INT_MAX));
}

void check_watchable(int fd) {
  struct stat about;
  int code = 0;
  if (::fstat(fd, &about) != 0) {
    code = errno;
  } else if (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode)) {
    code = EPERM;
  }
  if (code != 0) throw SystemError("watching descriptor " + std::to_string(fd), code);
}

}  // namespace detail
}  // namespace torc
