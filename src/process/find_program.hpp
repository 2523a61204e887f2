// Where the program of a command lies: a search of PATH, done before there is a process.
#pragma once

#include <string>
#include <string_view>

namespace torc::process::detail {

/// `name` itself when it has a slash, else the first file of that name that may be run in the absolute folders of
/// `path`. Empty: none, and errno tells whether one lay there that may not be run (EACCES) or nothing (ENOENT).
std::string find_program(const std::string& name, std::string_view path);

}  // namespace torc::process::detail
