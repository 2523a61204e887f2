// Prints what happens in a folder and all below it, until that is gone or Ctrl-C.
//
//   13-watch-folder [FOLDER]      default: where you are
#include <torc/file/folder.hpp>
#include <torc/file/watch.hpp>
#include <torc/torc.hpp>

#include <iostream>
#include <string>
#include <vector>

namespace file = torc::file;
using file::Change;

// A file may be gone again before we look at it.
torc::Deferred<std::string> size_of(std::string path) {
  try {
    const auto info = co_await file::stat(std::move(path), {.follow = false});
    co_return std::to_string(info.size) + " bytes";
  } catch (const file::FileError&) {
    co_return "gone again";
  }
}

torc::Deferred<void> amain(std::vector<std::string> args) {
  constexpr auto wanted = Change::kCreated | Change::kClosed | Change::kDeleted | Change::kRenamed | Change::kMovedIn |
                          Change::kMovedOut;
  auto watcher = file::watch(args.empty() ? "." : args[0], {.recursive = true, .changes = wanted});
  co_await watcher.settled();  // from here on nothing is missed
  std::cout << "watching " << watcher.size() << " folders" << std::endl;
  for (;;) {
    const file::Event event = co_await watcher.next();
    std::string line = to_string(event.change);
    if (event.change == Change::kRenamed) line += ' ' + event.from + " to";
    line += ' ' + event.path;
    if (event.folder) line += '/';
    if (event.change == Change::kClosed) line += ": " + co_await size_of(event.path);
    if (event.change == Change::kNotWatched) line += ": " + event.reason;
    std::cout << line << std::endl;
    if (event.change == Change::kGone) co_return;
  }
}

int main(int argc, char** argv) { return torc::run(amain, argc, argv); }
