// The HTML page that lists a directory.
//
// Used by the directory handler when listings are switched on and there is no index file. Pure; any thread. The page is one
// self-contained document: no script, no external resource, one inline style sheet (a Content-Security-Policy needs
// `style-src 'unsafe-inline'`), light or dark as the browser prefers, readable by screen readers and without styles.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace torc::http {

/// One line of a listing.
struct ListingEntry {
  std::string name;  ///< one name, not a path; any bytes a file system allows
  bool is_directory = false;
  std::uint64_t size = 0;  ///< bytes; not shown for directories
  std::int64_t modified = 0;  ///< unix seconds, shown in UTC
};

/// Renders the page for `path`, the decoded path of the directory as the visitor sees it ("/docs/").
///
/// Directories come first, then names by their bytes. Links are relative: the page must be served under a URL that ends in
/// '/'. With `has_parent` the first link leads to "../". Names are escaped wherever they appear; bytes that are not UTF-8 and
/// controls are shown as U+FFFD, and links carry the true bytes.
///
/// A `note`, plain text, stands above the entries: that there are more than these, say.
///
/// Serve as `text/html; charset=utf-8`. The whole page is made in memory, some 250 bytes an entry: limit the entries.
std::string render_listing(std::string_view path, std::vector<ListingEntry> entries, bool has_parent,
                           std::string_view note = {});

/// Escapes text for HTML content and quoted attributes: & < > " and '.
std::string escape_html(std::string_view text);

/// "512 B", "1.5 KiB", "10 MiB": one decimal below ten, no more than four digits, rounded to nearest.
std::string human_size(std::uint64_t bytes);

}  // namespace torc::http
