#include "file/watcher_state.hpp"

#include <torc/base/log.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <utility>

namespace torc::file {

namespace {

constexpr Duration kHalfWaits = std::chrono::milliseconds(10);
constexpr int kTasksInATurn = 32;
constexpr int kCallsInATurn = 256;

std::string why_not_watched(int code) {
  if (code == ENOSPC) return "the system's limit of watches is reached: raise the sysctl fs.inotify.max_user_watches";
  if (code == EMFILE) return "no inotify descriptor is left: raise the sysctl fs.inotify.max_user_instances, or ulimit -n";
  return std::generic_category().message(code);
}

std::string absolute(const std::string& path) {
  std::error_code failed;
  const auto full = std::filesystem::absolute(path, failed);
  return failed ? path : full.string();
}

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// What lies `below` ("" or "/a/b").
std::string at(const std::string& path, const std::string& below) {
  if (below.empty()) return path;
  return path == "/" ? below : path + below;
}

}  // namespace

WatcherState::WatcherState(std::string path, WatchOptions options, Callback callback)
    : path_(without_slashes(std::move(path))),
      disk_(absolute(path_)),
      options_(options),
      callback_(callback ? std::make_shared<Callback>(std::move(callback)) : nullptr),
      context_(Context::current()),
      reactor_(Reactor::required("file::watch")),
      inotify_(&reactor_.service<Inotify>()),
      line_(options.queue, path_),
      queue_({.size = static_cast<std::size_t>(-1)}) {  // the line bounds it
  if (path_.find('\0') != std::string::npos) {
    throw FileError("watching", path_.substr(0, path_.find('\0')), EINVAL, "there is a NUL in the path behind this");
  }
  const int watch = inotify_->add(path_.empty() ? path_ : disk_, Inotify::Only::kAnything, *this);
  if (watch < 0) throw FileError("watching", path_, -watch, why_not_watched(-watch));
  root_ = watch;
  tree_.add_root(root_);
  inotify_->enlist(*this);
  reactor_.house(*this);
  if (options_.recursive) add_task({root_, "", false});
}

WatcherState::~WatcherState() {
  if (destroyed_) *destroyed_ = true;
  if (!inotify_) return;
  for (const int watch : tree_.all()) inotify_->remove(watch, *this);
}

Deferred<Event> WatcherState::next() {
  if (callback_) torc::detail::misuse("next() of a file::Watcher that has a callback: \"" + path_ + "\"");
  return queue_.get().recover<QueueClosed>([end = end_](const QueueClosed&) { return **end; });
}

Deferred<void> WatcherState::settled() {
  if (*end_ && !gone_) return fail(**end_);
  if (tasks_.empty()) return succeed();
  return settled_.wait();
}

// ---- being told

void WatcherState::told(const InotifyRecord& record, std::uint64_t position) noexcept {
  if (gone_) return;
  auto* node = tree_.find(record.watch);
  if (!node) return;
  if (record.watch == root_ && (record.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED))) {
    root_gone();
  } else if (record.mask & IN_IGNORED) {
    tree_.erase(record.watch);
  } else if (!record.name.empty()) {
    told_of_entry(record.watch, record, position);
  } else if (record.watch == root_) {
    told_of_root(record.mask);  // what happens to another folder itself is told of its entry in the one above
  }
  forward();
}

void WatcherState::told_of_root(std::uint32_t mask) {
  const bool folder = mask & IN_ISDIR;
  if (mask & IN_MODIFY) tell({.change = Change::kModified, .path = path_, .folder = folder});
  if (mask & IN_CLOSE_WRITE) tell({.change = Change::kClosed, .path = path_, .folder = folder});
  if (mask & IN_ATTRIB) tell({.change = Change::kAttributes, .path = path_, .folder = folder});
}

void WatcherState::told_of_entry(int watch, const InotifyRecord& record, std::uint64_t position) {
  auto& node = *tree_.find(watch);
  const bool folder = record.mask & IN_ISDIR;
  Event event{.path = at(path_, (tree_.path_of(watch) += '/') += record.name), .folder = folder};
  const bool news = is_news(node, record, position);
  if (record.mask & IN_MOVED_FROM) return moved_from(node, record, std::move(event));
  if (record.mask & (IN_CREATE | IN_MOVED_TO)) {
    if (!news) return;
    if (record.mask & IN_MOVED_TO) return moved_to(watch, record, std::move(event));
    event.change = Change::kCreated;
    tell(std::move(event));
    if (folder && options_.recursive) add_task({watch, std::string(record.name), true});
    return;
  }
  event.change = record.mask & IN_DELETE        ? Change::kDeleted
                 : record.mask & IN_MODIFY      ? Change::kModified
                 : record.mask & IN_CLOSE_WRITE ? Change::kClosed
                                                : Change::kAttributes;
  tell(std::move(event));
}

// What was found by looking has been told; what the kernel noted of it before that comes only now.
bool WatcherState::is_news(WatchedTree::Node& folder, const InotifyRecord& record, std::uint64_t position) {
  if (folder.found.empty()) return true;
  if (position >= folder.found_until) {
    folder.found.clear();
    return true;
  }
  if (!(record.mask & (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM))) return true;
  const auto known = folder.found.find(record.name);
  if (known == folder.found.end()) return true;
  folder.found.erase(known);
  return false;
}

void WatcherState::moved_from(WatchedTree::Node& folder, const InotifyRecord& record, Event event) {
  const Instant now = reactor_.now();
  const int watch = tree_.child(folder, record.name);
  if (watch != WatchedTree::kNone) {
    tree_.detach(watch);
    moving_.push_back({record.cookie, watch, now});
  }
  event.change = Change::kMovedOut;
  line_.add_half(std::move(event), record.cookie, now, queue_.size());
  if (!armed()) reactor_.arm(*this, now + kHalfWaits);
}

void WatcherState::moved_to(int folder, const InotifyRecord& record, Event event) {
  const bool joined = line_.join(record.cookie, event.path);
  const auto moving = std::ranges::find(moving_, record.cookie, &Moving::cookie);
  bool known = false;
  if (moving != moving_.end()) {
    const auto* node = tree_.find(moving->watch);
    known = node && (node->attached || tree_.attach(moving->watch, folder, record.name));
    moving_.erase(moving);
  }
  if (!joined) {
    event.change = Change::kMovedIn;
    tell(event);
  }
  if (event.folder && options_.recursive && !known) add_task({folder, std::string(record.name), true});
}

void WatcherState::overflowed() noexcept {
  if (gone_) return;
  tell({.change = Change::kOverflow, .path = path_});
  if (options_.recursive) {
    tasks_.clear();
    for (const int watch : tree_.all()) add_task({watch, "", false});
  }
  forward();
}

// The halves whose time is over stay halves, and folders that went away are not watched any more.
void WatcherState::expire() noexcept {
  const torc::detail::Firing firing;
  if (!inotify_) return;
  inotify_->read_all();  // a callback may have taken long: the other half may wait to be read
  const Instant over = reactor_.now() - kHalfWaits;
  line_.close_halves(over);
  for (const auto& each : std::exchange(moving_, {})) {
    const auto* node = tree_.find(each.watch);
    if (!node || node->attached) continue;
    if (each.since > over) {
      moving_.push_back(each);
    } else {
      for (const int watch : tree_.subtree(each.watch)) let_go(watch);
    }
  }
  std::optional<Instant> first = line_.first_half();
  if (!moving_.empty()) first = std::min(first.value_or(Instant::max()), moving_.front().since);
  if (first) reactor_.arm(*this, *first + kHalfWaits);
  forward();
}

// ---- the disk

void WatcherState::add_task(Task task) {
  tasks_.push_back(std::move(task));
  wake();
}

void WatcherState::do_tasks() {
  if (gone_) {
    for (const int watch : tree_.all()) let_go(watch);
  }
  for (int i = 0; i < kTasksInATurn && !tasks_.empty(); ++i) {
    const Task task = std::move(tasks_.front());
    tasks_.pop_front();
    if (!tree_.find(task.folder)) continue;
    task.name.empty() ? look_into(task) : watch_folder(task);
  }
  forward();
  settle_if_done();
}

void WatcherState::watch_folder(const Task& task) {
  const std::string place = (tree_.path_of(task.folder) += '/') += task.name;
  const auto refused = [&](std::string reason) {
    tell({.change = Change::kNotWatched, .path = at(path_, place), .folder = true, .reason = std::move(reason)});
  };
  const int known = tree_.child(*tree_.find(task.folder), task.name);
  if (known == WatchedTree::kNone && tree_.size() >= options_.folders) {
    return refused(std::to_string(tree_.size()) + " are watched already, as many as WatchOptions::folders allows");
  }
  const int watch = inotify_->add(at(disk_, place), Inotify::Only::kFolderItself, *this);
  // Gone again, or something else by now: the events to come will say so.
  if (watch == -ENOENT || watch == -ENOTDIR || watch == -ELOOP) return;
  if (watch < 0) return refused(why_not_watched(-watch));
  if (watch == known) return;
  const auto* before = tree_.find(watch);
  if (before) {
    // It has been renamed, and the events that say so are still to come. What lies at its old place now?
    if (before->attached && before->parent != WatchedTree::kNone) add_task({before->parent, before->name, true});
    tree_.attach(watch, task.folder, task.name);
    return;
  }
  tree_.attach(watch, task.folder, task.name);
  add_task({watch, "", task.tell});
}

void WatcherState::look_into(const Task& task) {
  const std::string below = tree_.path_of(task.folder);
  UniqueFd fd(::open(at(disk_, below).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | (below.empty() ? 0 : O_NOFOLLOW)));
  DIR* opened = fd ? ::fdopendir(fd.get()) : nullptr;
  if (!opened) {
    if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
      tell({.change = Change::kNotWatched, .path = at(path_, below), .folder = true, .reason = why_not_watched(errno)});
    }
    return;
  }
  static_cast<void>(fd.release());
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opened, ::closedir);
  while (const dirent* each = ::readdir(entries.get())) {
    const std::string_view name = each->d_name;
    if (name == "." || name == "..") continue;
    bool is_folder = each->d_type == DT_DIR;
    struct ::stat found = {};
    if (each->d_type == DT_UNKNOWN && ::fstatat(::dirfd(opened), each->d_name, &found, AT_SYMLINK_NOFOLLOW) == 0) {
      is_folder = S_ISDIR(found.st_mode);
    }
    if (task.tell) {
      tree_.find(task.folder)->found.emplace(name);
      tell({.change = Change::kCreated, .path = at(path_, (below + '/') += name), .folder = is_folder});
    }
    if (is_folder) add_task({task.folder, std::string(name), task.tell});
  }
  auto& node = *tree_.find(task.folder);
  node.found_until = inotify_->position();
  if (node.found_until == inotify_->told_until()) node.found.clear();  // nothing is on its way
}

void WatcherState::let_go(int watch) noexcept {
  tree_.erase(watch);
  inotify_->remove(watch, *this);
}

void WatcherState::root_gone() {
  tell({.change = Change::kGone, .path = path_});
  gone_ = true;
  line_.close_halves(Instant::max());
  tasks_.clear();
  wake();  // to let go of the watches, which one who is told must not
}

void WatcherState::settle_if_done() noexcept {
  if (!tasks_.empty()) return;
  while (auto* waiter = settled_.pop()) waiter->give({});
}

// ---- telling

void WatcherState::tell(Event event) {
  const bool always = !kAllChanges.has(event.change);
  if (always || options_.changes.has(event.change)) line_.add(std::move(event), queue_.size());
}

void WatcherState::forward() {
  while (auto event = line_.take()) {
    if (kAllChanges.has(event->change) && !options_.changes.has(event->change)) continue;  // a half
    static_cast<void>(queue_.put(*std::move(event)));
  }
  if (gone_ && !*end_) end_with(Failure(FileError("watching", path_, ENOENT, "it was deleted, renamed or unmounted")));
  if (callback_ && !queue_.empty()) wake();
}

void WatcherState::end_with(Failure failure) noexcept {
  *end_ = std::move(failure);
  queue_.close();
}

void WatcherState::wake() noexcept {
  if (inotify_ && !Posted::linked()) reactor_.post(*this);
}

void WatcherState::run() noexcept {
  bool destroyed = false;
  destroyed_ = &destroyed;
  {
    const torc::detail::Firing firing;
    do_tasks();
  }
  if (!destroyed && callback_) call_back();
  if (destroyed) return;
  destroyed_ = nullptr;
  if (!tasks_.empty() || (callback_ && !queue_.empty())) wake();
}

void WatcherState::call_back() {
  const ContextScope scope(context_);
  const auto callback = callback_;
  const bool& destroyed = *destroyed_;
  for (int i = 0; i < kCallsInATurn && !destroyed; ++i) {
    const auto event = queue_.try_get();
    if (!event) return;
    try {
      (*callback)(*event);
    } catch (...) {
      torc::detail::report_unhandled(Failure::current(), "in a callback of file::watch");
    }
  }
}

void WatcherState::reactor_stopping() noexcept {
  const torc::detail::Firing firing;
  torc::detail::Resident::unlink();
  if (*end_) return;
  end_with(Failure(ReactorStopped("the reactor stopped while \"" + path_ + "\" was watched")));
  settled_.fail_all(**end_);
}

void WatcherState::inotify_gone() noexcept {
  inotify_ = nullptr;
  Posted::unlink();
  Timer::disarm();
  tasks_.clear();
}

}  // namespace torc::file
