#include "tls/key_log.hpp"

#include <torc/base/log.hpp>
#include <torc/tls/errors.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace torc::tls::detail {

KeyLog::KeyLog(const std::string& path) {
  if (path.empty()) return;
  file_ = UniqueFd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!file_)
    throw TlsConfigurationError("cannot write the key log " + path + ": " + std::generic_category().message(errno));
  log::warning("tls", "the secrets of connections are written to " + path + ": whoever reads it reads them too");
}

void KeyLog::write(std::string_view line) const noexcept {
  const std::string whole = std::string(line) + '\n';
  if (::write(file_.get(), whole.data(), whole.size()) < 0) log::warning("tls", "the key log cannot be written");
}

}  // namespace torc::tls::detail
