#include "reactor/poller.hpp"

#include <torc/base/errors.hpp>

namespace torc::detail {
std::unique_ptr<Poller> make_uring_poller() { throw Error("io_uring is not built in"); }
}  // namespace torc::detail
