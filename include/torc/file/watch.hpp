// Watching files and folders: what is made, changed, renamed and removed there, told as it happens (inotify).
//
//   auto watcher = file::watch("incoming", {.recursive = true}, [](const file::Event& event) { ... });
//
//   auto watcher = file::watch("incoming");
//   for (;;) take(co_await watcher.next());
//
// The Watcher owns the watch: once it is destroyed nothing is told any more. A callback may destroy it. Used on the
// reactor's thread; all watches of a reactor share one inotify descriptor. Symbolic links below the path are not
// followed.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/file/errors.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace torc::file {

enum class Change : std::uint16_t {
  kCreated = 1,       // made here, or found in a new folder
  kDeleted = 2,
  kModified = 4,      // written to or truncated
  kClosed = 8,        // closed by one who could write: complete, as a rule
  kAttributes = 16,   // permissions, owner, times, number of links
  kRenamed = 32,      // from one place that is watched to another; `from` is where it was
  kMovedIn = 64,      // renamed to here from where nobody watches
  kMovedOut = 128,    // renamed to where nobody watches
  // Told always:
  kGone = 256,        // what was to be watched was deleted, renamed or unmounted: the last event
  kOverflow = 512,    // events were lost: look for yourself. Of a recursive watch all folders are watched again
  kNotWatched = 1024, // this folder cannot be watched, `reason` says why
};

/// A set of Changes: Change::kCreated | Change::kMovedIn.
struct Changes {
  constexpr Changes(Change one) noexcept : bits(static_cast<std::uint16_t>(one)) {}  // NOLINT: one is a set
  constexpr explicit Changes(std::uint16_t bits) noexcept : bits(bits) {}
  constexpr bool has(Change one) const noexcept { return bits & static_cast<std::uint16_t>(one); }
  friend constexpr Changes operator|(Changes a, Changes b) noexcept {
    return Changes(static_cast<std::uint16_t>(a.bits | b.bits));
  }
  std::uint16_t bits;
};
constexpr Changes operator|(Change a, Change b) noexcept { return Changes(a) | Changes(b); }
constexpr Changes kAllChanges{std::uint16_t{255}};

/// "created", "renamed", ...
const char* to_string(Change change) noexcept;

struct Event {
  Change change = Change::kCreated;
  /// The path that is watched and what lies below it. Any bytes but NUL.
  std::string path;
  std::string from = {};    // kRenamed
  bool folder = false;      // it happened to a folder
  std::string reason = {};  // kNotWatched
};

struct WatchOptions {
  /// Also all folders below, and those to come. What appears in a new folder before it is watched is found by looking,
  /// and told once.
  bool recursive = false;
  Changes changes = kAllChanges;
  /// Events that wait to be taken at most; when there are more, kOverflow follows, and nothing until all are taken.
  std::size_t queue = 16'384;
  /// Folders that are watched at most; one beyond that is told with kNotWatched.
  std::size_t folders = 100'000;
};

class WatcherState;

class [[nodiscard("dropping it ends the watch")]] Watcher {
 public:
  Watcher(Watcher&&) noexcept;
  Watcher& operator=(Watcher&&) noexcept;
  ~Watcher();

  /// The next event, for a watch without a callback. First in, first out.
  /// Cancellation: cancelling or dropping one that pends loses no event.
  /// Errors: FileError after kGone; ReactorStopped; BrokenPromise when the Watcher is destroyed.
  Deferred<Event> next();
  /// Fires when every folder that is there is watched: at once unless recursive. Changes made before that in folders
  /// below may go untold. Errors: as next(), but kGone settles.
  Deferred<void> settled();
  /// Folders and files that are watched.
  std::size_t size() const noexcept;

 private:
  friend Watcher watch(std::string path, WatchOptions options, std::move_only_function<void(const Event&)> callback);
  explicit Watcher(std::unique_ptr<WatcherState> state) noexcept;
  std::unique_ptr<WatcherState> state_;
};

/// Watches a folder or a file that is there. `callback` is called from the loop, from the next turn on, in the context
/// of this call; what it throws is logged. A rename is told when both its halves have come, or after 10 ms without the
/// other; what happened later is told behind it.
/// Errors: throws FileError; where the limit of the system is reached it names the sysctl that sets it.
Watcher watch(std::string path, WatchOptions options, std::move_only_function<void(const Event&)> callback);
/// The same, for next().
inline Watcher watch(std::string path, WatchOptions options = {}) { return watch(std::move(path), options, nullptr); }

}  // namespace torc::file
