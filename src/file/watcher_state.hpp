// WatcherState: what is behind a Watcher.
//
//   Inotify tells a record -> the tree follows, an Event joins the line -> the queue -> next(), or the callback
//
// Being told changes names only. What needs the disk (watching a folder that is new, looking what is in it) is left to
// run(), a slice in each turn of the loop, and so are callbacks.
#pragma once

#include "file/event_line.hpp"
#include "file/inotify.hpp"
#include "file/watched_tree.hpp"

#include <torc/async/context.hpp>
#include <torc/async/queue.hpp>
#include <torc/async/timer_wheel.hpp>
#include <torc/async/wait_list.hpp>
#include <torc/file/watch.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace torc::file {

class WatcherState final : private Inotify::Subscriber,
                           private torc::detail::Posted,
                           private torc::detail::Timer,
                           private torc::detail::Resident {
 public:
  using Callback = std::move_only_function<void(const Event&)>;
  /// Throws FileError.
  WatcherState(std::string path, WatchOptions options, Callback callback);
  ~WatcherState();

  Deferred<Event> next();
  Deferred<void> settled();
  std::size_t size() const noexcept { return tree_.size(); }

 private:
  // Something to do with the disk.
  struct Task {
    int folder;        // to be looked into, or the one above
    std::string name;  // to be watched first, in `folder`; empty: look into `folder`
    bool tell;         // what is found there is news
  };
  // A folder on its way.
  struct Moving {
    std::uint32_t cookie;
    int watch;
    Instant since;
  };

  void told(const InotifyRecord& record, std::uint64_t position) noexcept override;
  void overflowed() noexcept override;
  void inotify_gone() noexcept override;
  void run() noexcept override;
  void expire() noexcept override;
  void reactor_stopping() noexcept override;

  void told_of_root(std::uint32_t mask);
  void told_of_entry(int watch, const InotifyRecord& record, std::uint64_t position);
  void moved_from(WatchedTree::Node& folder, const InotifyRecord& record, Event event);
  void moved_to(int folder, const InotifyRecord& record, Event event);
  bool is_news(WatchedTree::Node& folder, const InotifyRecord& record, std::uint64_t position);

  void do_tasks();
  void watch_folder(const Task& task);
  void look_into(const Task& task);
  void let_go(int watch) noexcept;
  void root_gone();
  void settle_if_done() noexcept;
  void add_task(Task task);

  void tell(Event event);
  void forward();
  void call_back();
  void wake() noexcept;
  void end_with(Failure failure) noexcept;

  // What is watched, as it was given and from the root of the file system on. Without a slash at the end.
  const std::string path_;
  const std::string disk_;
  const WatchOptions options_;
  const std::shared_ptr<Callback> callback_;
  const Context context_;
  Reactor& reactor_;
  Inotify* inotify_;
  int root_ = WatchedTree::kNone;
  bool gone_ = false;            // the root
  bool* destroyed_ = nullptr;    // told to run()
  WatchedTree tree_;
  EventLine line_;
  std::deque<Task> tasks_;
  std::vector<Moving> moving_;
  std::shared_ptr<std::optional<Failure>> end_ = std::make_shared<std::optional<Failure>>();
  torc::detail::WaitList<void> settled_{"a Watcher"};
  Queue<Event> queue_;
};

}  // namespace torc::file
