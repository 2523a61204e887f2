#include <torc/process/options.hpp>

#include "base/escape.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace torc::process {

Environment environment(Environment changes) {
  for (char** each = ::environ; each && *each; ++each) {
    const std::string_view entry = *each;
    const auto equals = entry.find('=', 1);
    if (equals == std::string_view::npos) continue;
    changes.try_emplace(std::string(entry.substr(0, equals)), entry.substr(equals + 1));
  }
  return changes;
}

Identity identity_of(const std::string& name) {
  passwd entry;
  passwd* found = nullptr;
  std::vector<char> memory(1024);
  int code;
  while ((code = ::getpwnam_r(name.c_str(), &entry, memory.data(), memory.size(), &found)) == ERANGE) {
    memory.resize(memory.size() * 2);
  }
  if (!found) {
    throw CannotRun("there is no user " + torc::detail::in_quotes(name), code != 0 ? code : ENOENT);
  }
  int count = 32;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  while (::getgrouplist(name.c_str(), entry.pw_gid, groups.data(), &count) < 0) groups.resize(static_cast<std::size_t>(count));
  groups.resize(static_cast<std::size_t>(count));
  return {.user = entry.pw_uid, .group = entry.pw_gid, .groups = std::move(groups)};
}

}  // namespace torc::process
