#include "file/replacement.hpp"

#include "file/system.hpp"

#include <torc/file/errors.hpp>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

namespace torc::file {

namespace {

// Where a symbolic link leads, or the path itself.
std::string target_of(const std::string& path) {
  struct ::stat found = {};
  if (::lstat(path.c_str(), &found) != 0 || !S_ISLNK(found.st_mode)) return path;
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  if (!real) throw FileError("writing", path, errno, "it is a symbolic link that leads nowhere");
  return real.get();
}

std::optional<struct ::stat> existing(const std::string& path) {
  struct ::stat found = {};
  if (::stat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return std::nullopt;
    throw FileError("writing", path, errno);
  }
  const Kind kind = kind_of(found.st_mode);
  if (kind == Kind::kFolder) throw FileError("writing", path, EISDIR);
  if (kind != Kind::kRegular) {
    throw FileError("writing", path, EINVAL, std::string("it is ") + name_of(kind) + ", not a regular file");
  }
  return found;
}

// Beside the file, gone with this unless it was given its name.
class Temporary {
 public:
  Temporary(const std::string& folder, const std::string& wanted, unsigned mode) : wanted_(wanted) {
    do {
      std::uint64_t number = 0;
      if (::getrandom(&number, sizeof number, 0) != sizeof number) throw FileError("writing", wanted, errno);
      char name[32];
      std::snprintf(name, sizeof name, ".torc-%016llx", static_cast<unsigned long long>(number));
      path_ = folder + name;
      file_.fd.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, static_cast<mode_t>(mode)));
    } while (!file_.fd && errno == EEXIST);
    if (!file_.fd) throw FileError("making a temporary file to write", wanted, errno);
  }
  ~Temporary() {
    if (file_.fd) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  const Opened& file() const noexcept { return file_; }
  void take_name() {
    if (::rename(path_.c_str(), wanted_.c_str()) != 0) throw FileError("writing", wanted_, errno);
    file_.fd.reset();
  }

 private:
  const std::string& wanted_;
  std::string path_;
  Opened file_;
};

void sync_folder(const std::string& folder) {
  const UniqueFd fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems have no such thing for a folder, and one may be written to without being readable.
  if (fd && ::fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
    throw FileError("bringing to the medium the name of what was written to", folder, errno);
  }
}

}  // namespace

void replace_file(const std::string& path, std::string_view data, unsigned mode) {
  check_path("writing", path);
  const std::string target = target_of(path);
  const auto before = existing(target);
  const std::string folder = target.substr(0, target.rfind('/') + 1);  // npos + 1 is 0: none
  Temporary temporary(folder, target, before ? 0600 : mode);
  const int fd = temporary.file().fd.get();
  if (before) {
    // The owner first: a change of it clears permission bits.
    [[maybe_unused]] const int ignored = ::fchown(fd, before->st_uid, before->st_gid);
    if (::fchmod(fd, before->st_mode & 07777) != 0) throw FileError("writing", path, errno);
  }
  std::size_t written = 0;
  write_all(temporary.file(), data, 0, path, written);
  if (::fsync(fd) != 0) throw FileError("writing", path, errno);
  temporary.take_name();
  sync_folder(folder);
}

}  // namespace torc::file
