#include "torc/http/path.hpp"

#include "http/chars.hpp"
#include "torc/http/percent.hpp"

namespace torc::http {
namespace {

constexpr std::size_t kMaxName = 255;   // NAME_MAX
constexpr std::size_t kMaxPath = 4095;  // PATH_MAX without the NUL

unsigned char byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

// Whether a longer UTF-8 sequence at `i` spells an ASCII character. A lone C0 or C1 is only Latin-1, and stays.
bool is_overlong_ascii(std::string_view text, std::size_t i) {
  const auto continues = [&](std::size_t k) { return (byte_at(text, i + k) & 0xc0) == 0x80; };
  switch (byte_at(text, i)) {
    case 0xc0:
    case 0xc1: return continues(1);
    case 0xe0: return continues(1) && byte_at(text, i + 1) < 0xa0 && continues(2);
    case 0xf0: return continues(1) && byte_at(text, i + 1) < 0x90 && continues(2);
    case 0xf8:
    case 0xfc: return continues(1);  // five and six bytes: never valid
    default: return false;
  }
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxName || name == "." || name == "..") return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (detail::is_control(c) || c == '/' || c == '\\' || is_overlong_ascii(name, i)) return false;
  }
  return true;
}

}  // namespace

std::optional<SafePath> safe_path(std::string_view raw) {
  if (raw.starts_with('/')) raw.remove_prefix(1);
  SafePath path{.text = {}, .trailing_slash = raw.empty()};
  while (!raw.empty()) {
    const std::size_t end = raw.find('/');
    const std::string_view segment = raw.substr(0, end);
    // An escape takes three bytes; judging the length first keeps hostile input from being copied at all.
    if (segment.size() > 3 * kMaxName || segment.find_first_of("?#") != segment.npos) return std::nullopt;
    const std::optional<std::string> name = percent_decode(segment);
    if (!name || !is_plain_name(*name)) return std::nullopt;
    if (!path.text.empty()) path.text += '/';
    path.text += *name;
    if (path.text.size() > kMaxPath) return std::nullopt;
    if (end == raw.npos) break;
    raw.remove_prefix(end + 1);
    path.trailing_slash = raw.empty();
  }
  return path;
}

bool has_hidden_segment(std::string_view path) {
  constexpr std::string_view kWellKnown = ".well-known";
  if (path == kWellKnown || path.starts_with(".well-known/")) path.remove_prefix(kWellKnown.size());
  return path.starts_with('.') || path.contains("/.");
}

}  // namespace torc::http
