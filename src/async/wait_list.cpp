#include <torc/async/wait_list.hpp>

#include <string>

namespace torc::detail {

Failure destroyed_while_waiting(const char* what) {
  return Failure(BrokenPromise(std::string(what) + " was destroyed while somebody waited for it"));
}

}  // namespace torc::detail
