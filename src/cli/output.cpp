#include "cli/output.hpp"

#include "base/escape.hpp"

#include <torc/base/errors.hpp>
#include <torc/http/percent.hpp>
#include <torc/http/url.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <utility>

namespace torc::cli {

namespace {

void write_all(int file, std::string_view bytes, const std::string& what) {
  while (!bytes.empty()) {
    const auto count = ::write(file, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      throw SystemError("writing " + what, errno);
    }
  }
}

class StandardOutput final : public Output {
  void write(std::string_view bytes) override { write_all(STDOUT_FILENO, bytes, "standard output"); }
};

// A name that no file may have, or that nobody would want to type.
bool unfit(std::string_view name) {
  const auto bad = [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return name.empty() || name == "." || name == ".." || std::ranges::any_of(name, bad);
}

// The last segment of the path, decoded where that gives a name.
std::string base_name(std::string_view text) {
  const auto url = http::Url::parse(text);
  const std::string_view path = url ? url->path() : std::string_view();
  const std::string_view segment = path.substr(path.rfind('/') + 1);
  if (segment.empty()) return "index.html";
  if (auto decoded = http::percent_decode(segment); decoded && !unfit(*decoded)) return *std::move(decoded);
  return std::string(segment);
}

}  // namespace

class OutputDirectory::File final : public Output {
 public:
  File(std::shared_ptr<const UniqueFd> directory, const std::string& path, std::string name, std::uint64_t number)
      : directory_(std::move(directory)), what_(detail::in_quotes(path + "/" + name)), name_(std::move(name)) {
    // The kernel says which number is free.
    for (int attempt = 0;; ++attempt, ++number) {
      char text[17] = {};
      std::to_chars(text, text + 16, number, 16);
      temporary_ = std::string(".torc-fetch-") + text;
      file_ = UniqueFd(::openat(directory_->get(), temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
      if (file_) return;
      if (errno != EEXIST || attempt == 100) throw SystemError("creating " + what_, errno);
    }
  }
  ~File() override {
    if (file_) ::unlinkat(directory_->get(), temporary_.c_str(), 0);
  }

  void write(std::string_view bytes) override { write_all(file_.get(), bytes, what_); }
  void finish() override {
    if (::renameat(directory_->get(), temporary_.c_str(), directory_->get(), name_.c_str()) != 0) {
      throw SystemError("renaming the finished file to " + what_, errno);
    }
    file_.reset();
  }

 private:
  std::shared_ptr<const UniqueFd> directory_;
  std::string what_;
  std::string name_;
  std::string temporary_;
  UniqueFd file_;  // empty: finished
};

std::unique_ptr<Output> standard_output() { return std::make_unique<StandardOutput>(); }

OutputDirectory::OutputDirectory(const std::string& path) : path_(path) {
  if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) {
    throw SystemError("creating the directory " + detail::in_quotes(path), errno);
  }
  UniqueFd directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) throw SystemError("opening the directory " + detail::in_quotes(path), errno);
  directory_ = std::make_shared<const UniqueFd>(std::move(directory));
}

std::string OutputDirectory::name_for(std::string_view url) {
  const std::string base = base_name(url);
  std::string name = base;
  for (int count = 1; !names_.insert(name).second; ++count) name = base + "." + std::to_string(count);
  return name;
}

std::unique_ptr<Output> OutputDirectory::create(std::string name, std::uint64_t number) const {
  return std::make_unique<File>(directory_, path_, std::move(name), number);
}

}  // namespace torc::cli
