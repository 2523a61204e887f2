// UniqueFd: the one owner of a file descriptor.
//
// Everything in torc that opens a descriptor (sockets, pollers, pipes, files) keeps it in a UniqueFd; a plain `int fd` in
// a parameter is always borrowed. Moving is cheap and leaves the source empty. Any thread may own one; like any value it
// is not to be used by two threads at once.
#pragma once

namespace torc {

class [[nodiscard]] UniqueFd {
 public:
  UniqueFd() noexcept = default;
  // Takes ownership of `fd`; any negative number means "none", so the result of open() or accept4() can go straight in.
  explicit UniqueFd(int fd) noexcept : fd_(fd < 0 ? -1 : fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() {
    if (fd_ >= 0) reset();
  }

  // The descriptor, still owned here; -1 when there is none.
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

  // Hands the descriptor to the caller, who closes it.
  [[nodiscard]] int release() noexcept {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }

  // Closes what is owned, then owns `fd`. errno is left as it was, so an error path may reset before it reports.
  // Errors: a descriptor that is already closed stops the program, because by now its number may be someone else's
  // connection. Resetting to the descriptor already owned is the same mistake and stops as well.
  void reset(int fd = -1) noexcept;

 private:
  int fd_ = -1;
};

}  // namespace torc
