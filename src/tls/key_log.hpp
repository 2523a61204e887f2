// KeyLog: the file that the secrets of connections go to, in the form of NSS that Wireshark reads. Debugging only.
// A line is one write at the end of the file, from any thread.
#pragma once

#include <torc/base/unique_fd.hpp>

#include <string>
#include <string_view>

namespace torc::tls::detail {

class KeyLog {
 public:
  /// None when `path` is empty. Throws TlsConfigurationError.
  explicit KeyLog(const std::string& path);
  explicit operator bool() const noexcept { return static_cast<bool>(file_); }
  void write(std::string_view line) const noexcept;

 private:
  UniqueFd file_;
};

}  // namespace torc::tls::detail
