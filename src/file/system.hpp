// System calls on files, with errors that say what was done to which path. For the threads of the file pool.
#pragma once

#include <torc/base/unique_fd.hpp>
#include <torc/file/folder.hpp>

#include <sys/stat.h>

#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>

namespace torc::file {

/// What opening gave.
struct Opened {
  UniqueFd fd;
  bool regular = true;
  std::size_t size = 0;  // as it was then
};

/// Fails for a path with a NUL in it, which the system would read only in part.
void check_path(const std::string& doing, const std::string& path);

/// open(2), without ever waiting for the other end of a FIFO. What is no regular file is refused unless `any_kind`.
Opened open_checked(const std::string& doing, const std::string& path, int flags, unsigned mode, bool any_kind);

/// Reads once, at `offset` of a regular file. 0: the end. What is no regular file is waited for until `stop`: 0, too.
std::size_t read_once(const Opened& file, char* data, std::size_t size, std::size_t offset, const std::string& path,
                      const std::stop_token& stop);

/// Writes all, at `offset`, or where the system puts it when that is kWhereItIs. Adds to `written` as it goes.
constexpr std::size_t kWhereItIs = static_cast<std::size_t>(-1);
void write_all(const Opened& file, std::string_view data, std::size_t offset, const std::string& path,
               std::size_t& written, const std::stop_token& stop = {});

Kind kind_of(mode_t mode) noexcept;
/// "a folder"; for errors.
const char* name_of(Kind kind) noexcept;

}  // namespace torc::file
