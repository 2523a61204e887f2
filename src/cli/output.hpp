// Where torc fetch puts what it gets: standard output, or files of one directory.
//
// An Output's calls block: they are made on a thread pool, one at a time.
#pragma once

#include <torc/base/unique_fd.hpp>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace torc::cli {

class Output {
 public:
  virtual ~Output() = default;
  /// Throws SystemError.
  virtual void write(std::string_view bytes) = 0;
  /// Everything has been written. Throws SystemError.
  virtual void finish() {}
};

std::unique_ptr<Output> standard_output();

/// Files are created in it and nowhere else.
class OutputDirectory {
 public:
  /// Creates the directory if there is none. Throws SystemError.
  explicit OutputDirectory(const std::string& path);

  /// A name for what `url` gives, different from those given before: the last segment of its path, or
  /// "index.html" without one; a second "a" becomes "a.1". Never holds a '/', never is "." or "..".
  std::string name_for(std::string_view url);
  /// A file that gets its name when it is finished, replacing one of that name; until then it has a
  /// temporary one, made from `number`, and is removed when the Output is destroyed. Throws SystemError.
  std::unique_ptr<Output> create(std::string name, std::uint64_t number) const;

 private:
  class File;
  std::string path_;
  std::shared_ptr<const UniqueFd> directory_;  // shared with the files that are being written
  std::set<std::string, std::less<>> names_;
};

}  // namespace torc::cli
