#include <torc/file/errors.hpp>

#include <system_error>

namespace torc::file {

FileError::FileError(const std::string& doing, const std::string& path, int code)
    : FileError(doing, path, code, std::generic_category().message(code)) {}

FileError::FileError(const std::string& doing, const std::string& path, int code, const std::string& reason)
    : Error(doing + " \"" + path + "\": " + reason), path_(path), code_(code) {}

}  // namespace torc::file
