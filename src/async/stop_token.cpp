#include <torc/async/stop_token.hpp>

#include <torc/base/errors.hpp>

namespace torc::detail {

void check_stop_thread(std::thread::id home) noexcept {
  if (home != std::this_thread::get_id()) {
    misuse("request_stop() was called on another thread than that of the Deferred: use call_from_thread");
  }
}

}  // namespace torc::detail
