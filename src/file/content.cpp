#include <torc/file/content.hpp>

#include "file/perform.hpp"
#include "file/replacement.hpp"
#include "file/system.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <stop_token>
#include <utility>

namespace torc::file {

namespace {

constexpr std::size_t kStep = 1024 * 1024;  // between two looks at whether somebody still wants it

[[noreturn]] void refuse(const std::string& path, std::size_t limit) {
  throw FileTooLarge("reading", path, EFBIG, "it has more than the limit of " + std::to_string(limit) + " bytes");
}

struct ReadWhole {
  std::string path;
  ReadOptions options;

  std::string operator()(std::stop_token stop) const {
    const Opened file = open_checked("reading", path, O_RDONLY, 0, options.any_kind);
    if (file.size > options.limit) refuse(path, options.limit);
    // What /proc says has size 0 has not: the size is only where to begin. One byte more shows the end.
    const std::size_t most = std::min(options.limit, std::string().max_size() - 1) + 1;
    std::string text;
    text.reserve(std::min(most, file.size + 1));
    while (!stop.stop_requested()) {
      const std::size_t filled = text.size();
      if (filled == text.capacity()) text.reserve(std::min(most, 2 * filled));
      text.resize(std::min({most, text.capacity(), filled + kStep}));
      const std::size_t got = read_once(file, text.data() + filled, text.size() - filled, filled, path, stop);
      text.resize(filled + got);
      if (got == 0) break;
      if (text.size() > options.limit) refuse(path, options.limit);
    }
    return text;
  }
};

struct WriteWhole {
  std::string path;
  std::string data;
  WriteOptions options;

  void operator()() const {
    if (options.atomic && !options.append) return replace_file(path, data, options.mode);
    const int how = options.append ? O_APPEND : O_TRUNC;
    const Opened file = open_checked("writing", path, O_WRONLY | O_CREAT | how, options.mode, false);
    std::size_t written = 0;
    write_all(file, data, kWhereItIs, path, written);
  }
};

}  // namespace

Deferred<std::string> read(std::string path, ReadOptions options) {
  return perform(ReadWhole{std::move(path), options});
}

Deferred<void> write(std::string path, std::string data, WriteOptions options) {
  return perform(WriteWhole{std::move(path), std::move(data), options});
}

}  // namespace torc::file
