// A handler that serves the files of a directory.
//
//   app.mount("/static", torc::http::directory("public"));
//
// GET and HEAD of files below its root, and nothing else: paths are opened with openat2 and
// RESOLVE_BENEATH, so no name and no symbolic link leads out; a link that stays inside is followed.
// Content types by extension, ETag and Last-Modified with 304 and 412 (RFC 9110 §13), a single range
// (§14), index files, a redirect to the name with a slash for a directory, and a listing where there is
// no index, if wanted. Files go out by sendfile, without being copied through the program; one that
// becomes shorter meanwhile cuts its connection, one that is replaced is sent as it was opened.
//
// Mount it: it finds its path in Request::rest(). Answers besides the content: 404 for what does not
// exist, lies outside, is hidden, or is neither a file nor a directory; 403 for what this process may
// not read, so that a forgotten permission shows as one; 503 when descriptors or memory run out.
//
// Opening and looking are done on the reactor's thread: right for local file systems, where they take
// microseconds and a listing of 10,000 entries, the most that is shown, some 20 ms. A network file
// system that hangs would hang the loop.
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
  /// Sent as Cache-Control with every file when not empty.
  std::string cache_control = {};
};

/// The directory is opened now and kept: renaming or replacing it later changes nothing.
/// Throws SystemError when `root` cannot be opened or is not a directory, or when the kernel has no
/// openat2 (before Linux 5.6); std::invalid_argument for an index that is not the name of a file, or a
/// Cache-Control that is not a field value.
Handler directory(const std::string& root, DirectoryOptions options = {});

}  // namespace torc::http
