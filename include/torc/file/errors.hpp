// What file operations fail with.
//
//   FileError          the system refused, or what lies there is not what was asked for
//     FileTooLarge     more than the limit of the operation
//   FileBusy           a read_some() on a File while the one before it pends
#pragma once

#include <torc/base/errors.hpp>

#include <string>

namespace torc::file {

/// `what()` is: doing "path": reason.
class FileError : public Error {
 public:
  /// The reason is what the system says to `code`, an errno value.
  FileError(const std::string& doing, const std::string& path, int code);
  FileError(const std::string& doing, const std::string& path, int code, const std::string& reason);

  const std::string& path() const noexcept { return path_; }
  /// An errno value, also where the reason is in words of our own.
  int code() const noexcept { return code_; }

 private:
  std::string path_;
  int code_;
};

class FileTooLarge : public FileError {
 public:
  using FileError::FileError;
};

class FileBusy : public Error {
 public:
  using Error::Error;
};

}  // namespace torc::file
