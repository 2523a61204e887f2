#include "file/inotify.hpp"

#include <torc/async/operation.hpp>

#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace torc::file {

namespace {

// All that anybody may want: the kernel has one mask for a file, and whoever wants less filters.
constexpr std::uint32_t kMask = IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO |
                                IN_DELETE_SELF | IN_MOVE_SELF | IN_EXCL_UNLINK;
constexpr int kReadsInATurn = 4;

}  // namespace

Inotify::Inotify() noexcept : reactor_(Reactor::required("watching files")) {}

Inotify::~Inotify() {
  while (Subscriber* subscriber = subscribers_.pop_front()) subscriber->inotify_gone();
  watches_.clear();
  rest_if_idle();
}

// 0, or an errno value.
int Inotify::begin() {
  if (!fd_) fd_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd_) return errno;
  if (!looking_) reactor_.watch(fd_.get(), *this);
  looking_ = true;
  return 0;
}

void Inotify::rest_if_idle() noexcept {
  if (!watches_.empty() || !looking_) return;
  Posted::unlink();
  reactor_.unwatch(fd_.get(), *this);
  looking_ = false;
}

int Inotify::add(const std::string& path, Only only, Subscriber& subscriber) {
  if (const int code = begin()) return -code;
  const std::uint32_t flags = only == Only::kFolderItself ? IN_ONLYDIR | IN_DONT_FOLLOW : 0;
  const int watch = ::inotify_add_watch(fd_.get(), path.c_str(), kMask | flags);
  if (watch < 0) {
    const int code = errno;
    rest_if_idle();
    return -code;
  }
  auto& told = watches_[watch];
  if (std::ranges::find(told, &subscriber, &Subscription::subscriber) == told.end()) {
    told.push_back({&subscriber, told.empty() ? 0 : position()});
  }
  return watch;
}

void Inotify::remove(int watch, Subscriber& subscriber) noexcept {
  if (const auto found = watches_.find(watch); found != watches_.end()) {
    std::erase_if(found->second, [&](const Subscription& each) { return each.subscriber == &subscriber; });
    if (found->second.empty()) {
      watches_.erase(found);
      ::inotify_rm_watch(fd_.get(), watch);  // numbers are not used again: what is noted for it finds nobody
    }
  }
  rest_if_idle();
}

std::uint64_t Inotify::position() const noexcept {
  int noted = 0;
  if (fd_ && ::ioctl(fd_.get(), FIONREAD, &noted) != 0) noted = 0;
  return read_ + static_cast<std::uint64_t>(noted);
}

void Inotify::read_all() noexcept {
  const torc::detail::Firing firing;  // whoever waits goes on when this is done
  for (int i = 0; looking_ && i < kReadsInATurn; ++i) {
    const auto buffer = reactor_.read_buffer();
    const auto got = ::read(fd_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    for (std::string_view rest = bytes; const auto record = take_record(rest);) {
      dispatch(*record, read_ + static_cast<std::uint64_t>(rest.data() - bytes.data()));
    }
    read_ += bytes.size();
  }
  if (looking_) reactor_.post(*this);
}

void Inotify::dispatch(const InotifyRecord& record, std::uint64_t end) {
  if (record.mask & IN_Q_OVERFLOW) {
    for (Subscriber* each = subscribers_.front(); each; each = subscribers_.next(*each)) each->overflowed();
    return;
  }
  const auto found = watches_.find(record.watch);
  if (found == watches_.end()) return;
  for (const auto& [subscriber, since] : found->second) {
    if (end > since) subscriber->told(record, end - 1);
  }
  if (record.mask & IN_IGNORED) watches_.erase(found);
}

}  // namespace torc::file
