// For the tests of watching: events as lines such as "created a/b", and those that come.
#pragma once

#include "file/temporary_folder.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/file/watch.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace torc::file {

using Lines = std::vector<std::string>;

constexpr Changes kPlaces = Change::kCreated | Change::kDeleted | Change::kRenamed | Change::kMovedIn | Change::kMovedOut;

// "created a/b", with paths below `folder`.
inline std::string line(const TemporaryFolder& folder, const Event& event) {
  const auto below = [&](const std::string& path) {
    return path.size() > folder.path().size() ? path.substr(folder.path().size() + 1) : std::string(".");
  };
  std::string text = to_string(event.change);
  if (!event.from.empty()) text += ' ' + below(event.from) + " ->";
  return text + ' ' + below(event.path) + (event.folder ? "/" : "");
}

// The next `count` events.
inline Deferred<Lines> take(const TemporaryFolder& folder, Watcher& watcher, int count) {
  Lines lines;
  for (int i = 0; i < count; ++i) {
    const Event event = co_await with_timeout(std::chrono::seconds(20), watcher.next());
    lines.push_back(line(folder, event));
  }
  co_return lines;
}

// What comes until the file "end" is made.
inline Deferred<Lines> until_end(const TemporaryFolder& folder, Watcher& watcher) {
  folder.write("end", "");
  Lines lines;
  for (;;) {
    const Event event = co_await with_timeout(std::chrono::seconds(20), watcher.next());
    const std::string text = line(folder, event);
    if (text == "created end") break;
    lines.push_back(text);
  }
  co_return lines;
}

}  // namespace torc::file
