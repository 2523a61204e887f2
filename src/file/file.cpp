#include <torc/file/file.hpp>

#include "file/open_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace torc::file {

namespace {

int flags_of(Access access) noexcept {
  switch (access) {
    case Access::kRead: return O_RDONLY;
    case Access::kUpdate: return O_RDWR;
    case Access::kWrite: return O_RDWR | O_CREAT | O_TRUNC;
    case Access::kNew: return O_RDWR | O_CREAT | O_EXCL;
    case Access::kAppend: return O_WRONLY | O_CREAT | O_APPEND;
  }
  return O_RDONLY;
}

struct Open {
  std::string path;
  OpenOptions options;
  Opened operator()() const {
    return open_checked("opening", path, flags_of(options.access), options.mode, options.any_kind);
  }
};

// Leaves what it read in `ahead`, where it stays when nobody takes it.
struct ReadAhead {
  void operator()(OpenFile& file, const std::stop_token& stop) const {
    Bytes piece = Bytes::with_capacity(file.options.chunk);
    const auto got = read_once(file.opened, piece.data(), file.options.chunk, file.read_position, file.path, stop);
    piece.resize(got);
    if (got < file.options.chunk / 2) piece.shrink_to_fit();
    file.read_position += got;
    file.ahead = std::move(piece);
  }
};

struct ReadAt {
  std::size_t offset, size;
  Bytes operator()(OpenFile& file, const std::stop_token& stop) const {
    Bytes bytes = Bytes::with_capacity(size);
    std::size_t filled = 0;
    while (filled < size && !stop.stop_requested()) {
      const auto got = read_once(file.opened, bytes.data() + filled, size - filled, offset + filled, file.path, stop);
      if (got == 0) break;
      filled += got;
      if (!file.opened.regular) break;
    }
    bytes.resize(filled);
    if (filled < size / 2) bytes.shrink_to_fit();
    return bytes;
  }
};

// Bytes that wait to be written: counted until they are, or were taken back.
class Waiting {
 public:
  Waiting(std::shared_ptr<OpenFile> file, std::size_t size) noexcept : file_(std::move(file)), size_(size) {
    file_->waiting += size_;
  }
  Waiting(Waiting&&) noexcept = default;
  Waiting& operator=(Waiting&&) = delete;
  ~Waiting() {
    if (file_) file_->waiting -= size_;
  }

 private:
  std::shared_ptr<OpenFile> file_;
  std::size_t size_;
};

struct Write {
  std::string data;
  std::size_t offset;  // kWhereItIs: behind the write before
  Waiting waiting;

  void operator()(OpenFile& file, const std::stop_token& stop) const {
    std::size_t written = 0;
    if (offset != kWhereItIs) return write_all(file.opened, data, offset, file.path, written, stop);
    if (file.options.access == Access::kAppend) return write_all(file.opened, data, kWhereItIs, file.path, written, stop);
    // Counted also when it fails half-way.
    const std::size_t position = file.write_position;
    struct Count {
      OpenFile& file;
      std::size_t& written;
      ~Count() { file.write_position += written; }
    } const count{file, written};
    write_all(file.opened, data, position, file.path, written, stop);
  }
};

struct Size {
  std::uint64_t operator()(OpenFile& file, const std::stop_token&) const {
    struct ::stat found = {};
    if (::fstat(file.opened.fd.get(), &found) != 0) throw FileError("looking at", file.path, errno);
    return static_cast<std::uint64_t>(found.st_size);
  }
};

struct Truncate {
  std::uint64_t size;
  void operator()(OpenFile& file, const std::stop_token&) const {
    if (::ftruncate(file.opened.fd.get(), static_cast<off_t>(size)) != 0) throw FileError("truncating", file.path, errno);
  }
};

struct Sync {
  void operator()(OpenFile& file, const std::stop_token&) const {
    if (::fsync(file.opened.fd.get()) != 0) throw FileError("bringing to the medium", file.path, errno);
  }
};

struct Close {
  void operator()(OpenFile& file, const std::stop_token&) const {
    if (::close(file.opened.fd.release()) != 0 && errno != EINTR) throw FileError("closing", file.path, errno);
  }
};

Deferred<std::optional<Bytes>> next_piece(std::shared_ptr<OpenFile> file) {
  struct Reading {
    explicit Reading(OpenFile& of) noexcept : file(of) { file.reading = true; }
    ~Reading() { file.reading = false; }
    OpenFile& file;
  };
  const Reading reading(*file);
  auto turn = co_await file->lock.acquire();
  if (file->ahead.empty()) co_await perform(InTurn<ReadAhead>{file, std::move(turn), {}});
  if (file->ahead.empty()) co_return std::nullopt;
  co_return std::exchange(file->ahead, {});
}

Deferred<void> write_in_turn(const std::shared_ptr<OpenFile>& file, std::string_view data, std::size_t offset) {
  const std::size_t waiting = file->waiting;
  if (waiting > 0 && waiting + data.size() > file->options.write_limit) {
    return fail(QueueFull("writing \"" + file->path + "\": " + std::to_string(waiting) +
                          " bytes wait to be written already: wait for write() before the next"));
  }
  return in_turn<void>(file, Write{std::string(data), offset, Waiting(file, data.size())});
}

}  // namespace

File::File(std::shared_ptr<OpenFile> file) noexcept : file_(std::move(file)) {}
File::File(File&&) noexcept = default;
File& File::operator=(File&&) noexcept = default;
File::~File() = default;

const std::string& File::path() const noexcept { return file_->path; }

Deferred<std::optional<Bytes>> File::read_some() {
  if (file_->reading) return fail<std::optional<Bytes>>(FileBusy("read_some() of \"" + file_->path + "\" while another pends"));
  return next_piece(file_);
}
Deferred<void> File::write(std::string_view data) { return write_in_turn(file_, data, kWhereItIs); }
Deferred<Bytes> File::read_at(std::uint64_t offset, std::size_t size) { return in_turn<Bytes>(file_, ReadAt{offset, size}); }
Deferred<void> File::write_at(std::uint64_t offset, std::string_view data) { return write_in_turn(file_, data, offset); }
Deferred<std::uint64_t> File::size() { return in_turn<std::uint64_t>(file_, Size{}); }
Deferred<void> File::truncate(std::uint64_t size) { return in_turn<void>(file_, Truncate{size}); }
Deferred<void> File::sync() { return in_turn<void>(file_, Sync{}); }
Deferred<void> File::close() { return in_turn<void>(file_, Close{}); }

Deferred<File> open(std::string path, OpenOptions options) {
  // Nothing is read without room for it.
  options.chunk = std::clamp<std::size_t>(options.chunk, 1, Bytes::kMaxSize);
  Opened opened = co_await perform(Open{path, options});
  co_return File(std::make_shared<OpenFile>(std::move(path), options, std::move(opened)));
}

}  // namespace torc::file
