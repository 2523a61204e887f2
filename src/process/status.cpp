#include <torc/process/status.hpp>

#include <cstring>

namespace torc::process {

std::string Status::text() const {
  if (kind_ == Kind::kUnknown) return "ended in an unknown way (somebody else has asked the system for its status)";
  if (kind_ == Kind::kExited) return "exited with status " + std::to_string(number_);
  const char* name = ::sigabbrev_np(number_);
  return "was killed by " + (name ? "SIG" + std::string(name) : "signal " + std::to_string(number_)) +
         (dumped_core_ ? " and left a core" : "");
}

}  // namespace torc::process
