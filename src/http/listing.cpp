#include "torc/http/listing.hpp"

#include <algorithm>

#include "http/chars.hpp"
#include "http/civil_time.hpp"
#include "torc/http/percent.hpp"

namespace torc::http {
namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
:root { --ink: #1d2330; --soft: #5d6678; --line: #e3e6ec; --page: #fff; --hover: #f3f6fb; --link: #0b57d0 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --soft: #9aa4b5; --line: #2c333f; --page: #14181f; --hover: #1d232d; --link: #8ab4ff }
}
body { margin: 0; color: var(--ink); background: var(--page); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem }
h1 { font-size: 1.35rem; overflow-wrap: anywhere }
table { width: 100%; border-collapse: collapse }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); text-align: left; font-weight: normal }
thead th { color: var(--soft); font-size: .85rem }
tbody tr:hover { background: var(--hover) }
tbody th { overflow-wrap: anywhere }
.n { text-align: right; white-space: nowrap; color: var(--soft); font-variant-numeric: tabular-nums }
a { color: var(--link); text-decoration: none }
a:hover, a:focus-visible { text-decoration: underline }
</style>
)";

constexpr std::string_view kTable = R"(<table>
<thead><tr><th scope="col">Name</th><th scope="col" class="n">Size</th><th scope="col" class="n">Modified (UTC)</th></tr></thead>
<tbody>
)";

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

void append_escaped(std::string& out, std::string_view text) {
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
}

// The length of the well-formed UTF-8 sequence at the front of `text` (Unicode table 3-7); 0 if there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto continues = [&](std::size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xbf; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f)) return 0;
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if ((lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f)) return 0;
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

// Text as a page may show it: valid UTF-8 without controls (C1 too), escaped.
void append_shown(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const bool c1_control = length == 2 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
    if (length == 0 || c1_control || (length == 1 && detail::is_control(text[0]))) {
      out += kReplacement;
    } else {
      append_escaped(out, text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

void append_time(std::string& out, std::int64_t seconds) {
  const auto t = detail::civil_from_unix(detail::clamp_to_four_digit_years(seconds));
  char text[16];  // 2000-10-10 13:55
  char* p = detail::put4(text, t.year);
  p = detail::put2(detail::put(p, "-"), t.month);
  p = detail::put2(detail::put(p, "-"), t.day);
  p = detail::put2(detail::put(p, " "), t.hour);
  detail::put2(detail::put(p, ":"), t.minute);
  const std::string_view shown(text, sizeof text);
  out.append("<time datetime=\"").append(shown.substr(0, 10)).append("T").append(shown.substr(11)).append("Z\">");
  out.append(shown).append("</time>");
}

void append_row(std::string& out, const ListingEntry& entry) {
  const std::string_view slash = entry.is_directory ? "/" : "";
  out += "<tr><th scope=\"row\"><a href=\"";
  append_escaped(out, encode_path_segment(entry.name));
  // <bdi> keeps a name with right-to-left characters from rearranging what stands beside it.
  out.append(slash).append("\"><bdi>");
  append_shown(out, entry.name);
  out.append("</bdi>").append(slash).append("</a></th><td class=\"n\">");
  if (!entry.is_directory) out += human_size(entry.size);
  out += "</td><td class=\"n\">";
  append_time(out, entry.modified);
  out += "</td></tr>\n";
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

std::string human_size(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  constexpr std::string_view kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  std::uint64_t divisor = 1024;
  // 1023.5 of one unit rounds to 1024, which is 1.0 of the next.
  while (unit + 1 < std::size(kUnits) && bytes / divisor * 2 + bytes % divisor * 2 / divisor >= 2047) {
    divisor *= 1024;
    ++unit;
  }
  const std::uint64_t whole = bytes / divisor, rest = bytes % divisor;
  const std::uint64_t tenths = whole * 10 + (rest * 10 + divisor / 2) / divisor;  // rest * 10 fits: rest < 2^60
  std::string out = tenths < 100 ? std::to_string(tenths / 10) + '.' + static_cast<char>('0' + tenths % 10)
                                 : std::to_string(whole + (rest >= divisor - rest ? 1 : 0));
  return out.append(" ").append(kUnits[unit]);
}

std::string render_listing(std::string_view path, std::vector<ListingEntry> entries, bool has_parent,
                           std::string_view note) {
  std::ranges::sort(entries, [](const ListingEntry& a, const ListingEntry& b) {
    return a.is_directory != b.is_directory ? a.is_directory : a.name < b.name;
  });
  std::string out;
  out.reserve(kHead.size() + 1024 + entries.size() * 256);
  std::string title = "Index of ";
  append_shown(title, path);
  out.append(kHead).append("<title>").append(title).append("</title>\n</head>\n<body>\n<main>\n<h1>").append(title);
  out += "</h1>\n";
  if (has_parent) out += "<p><a href=\"../\">Parent directory</a></p>\n";
  if (!note.empty()) {
    out += "<p>";
    append_shown(out, note);
    out += "</p>\n";
  }
  if (entries.empty()) {
    out += "<p>This directory is empty.</p>\n";
  } else {
    out += kTable;
    for (const ListingEntry& entry : entries) append_row(out, entry);
    out += "</tbody>\n</table>\n";
  }
  return out += "</main>\n</body>\n</html>\n";
}

}  // namespace torc::http
