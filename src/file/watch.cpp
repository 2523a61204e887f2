#include <torc/file/watch.hpp>

#include "file/watcher_state.hpp"

#include <utility>

namespace torc::file {

const char* to_string(Change change) noexcept {
  switch (change) {
    case Change::kCreated: return "created";
    case Change::kDeleted: return "deleted";
    case Change::kModified: return "modified";
    case Change::kClosed: return "closed";
    case Change::kAttributes: return "attributes";
    case Change::kRenamed: return "renamed";
    case Change::kMovedIn: return "moved in";
    case Change::kMovedOut: return "moved out";
    case Change::kGone: return "gone";
    case Change::kOverflow: return "overflow";
    case Change::kNotWatched: return "not watched";
  }
  return "?";
}

Watcher::Watcher(std::unique_ptr<WatcherState> state) noexcept : state_(std::move(state)) {}
Watcher::Watcher(Watcher&&) noexcept = default;
Watcher& Watcher::operator=(Watcher&&) noexcept = default;
Watcher::~Watcher() = default;

Deferred<Event> Watcher::next() { return state_->next(); }
Deferred<void> Watcher::settled() { return state_->settled(); }
std::size_t Watcher::size() const noexcept { return state_->size(); }

Watcher watch(std::string path, WatchOptions options, std::move_only_function<void(const Event&)> callback) {
  return Watcher(std::make_unique<WatcherState>(std::move(path), options, std::move(callback)));
}

}  // namespace torc::file
