#include "process/find_program.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace torc::process::detail {

std::string find_program(const std::string& name, std::string_view path) {
  if (name.contains('/')) return name;
  int why = ENOENT;
  while (!path.empty()) {
    const auto end = std::min(path.find(':'), path.size());
    const std::string_view folder = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (!folder.starts_with('/')) continue;
    std::string candidate = std::string(folder) + '/' + name;
    struct stat file;
    if (::stat(candidate.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) continue;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    why = EACCES;
  }
  errno = why;
  return {};
}

}  // namespace torc::process::detail
