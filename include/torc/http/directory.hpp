// A handler that serves the files of a directory.
//
//   app.mount("/static", torc::http::directory("public"));
//
// GET and HEAD of files below its root, and nothing else: paths are opened with openat2 and
// RESOLVE_BENEATH, so no name and no symbolic link leads out. Content types by extension, ETag and
// Last-Modified with 304 and 412 (RFC 9110 §13), a single range (§14), index files, a redirect to the
// name with a slash for a directory, and a listing where there is no index, if wanted. Files go out
// without being copied through the program.
#pragma once

#include <torc/http/router.hpp>

#include <string>
#include <vector>

namespace torc::http {

struct DirectoryOptions {
  /// Names looked for, in order, when a directory is asked for.
  std::vector<std::string> index = {"index.html"};
  /// Show what is in a directory without an index; otherwise that is 404.
  bool listing = false;
  /// Serve names that begin with a dot (".well-known" always is).
  bool hidden = false;
  /// Sent as Cache-Control when not empty.
  std::string cache_control = {};
};

/// Throws SystemError when `root` cannot be opened or is not a directory.
Handler directory(const std::string& root, DirectoryOptions options = {});

}  // namespace torc::http
