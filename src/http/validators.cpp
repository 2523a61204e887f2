#include "torc/http/validators.hpp"

#include "base/hash_mix.hpp"
#include "codec/http1_chars.hpp"
#include "torc/http/date.hpp"

namespace torc::http {
namespace {

namespace wire = codec::http1::detail;

// RFC 9110 §8.8.3 etagc: visible ASCII but the quote, and obs-text.
bool is_etagc(char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '"'; }

// An entity-tag as views, so that walking a long list takes no memory.
struct TagView {
  std::string_view opaque;
  bool weak = false;
};

// Takes one entity-tag off the front of `text`.
std::optional<TagView> take_tag(std::string_view& text) {
  TagView tag;
  std::string_view rest = text;
  if (rest.starts_with("W/")) {  // case-sensitive by the RFC
    tag.weak = true;
    rest.remove_prefix(2);
  }
  if (!rest.starts_with('"')) return std::nullopt;
  std::size_t end = 1;
  while (end < rest.size() && is_etagc(rest[end])) ++end;
  if (end == rest.size() || rest[end] != '"') return std::nullopt;
  tag.opaque = rest.substr(1, end - 1);
  text = rest.substr(end + 1);
  return tag;
}

// Whether a well-formed prefix of the list `#entity-tag` holds a tag that `matches`. Empty elements are allowed (§5.6.1).
template <typename Matches>
bool any_tag(std::string_view list, Matches matches) {
  list = wire::trim(list);
  while (!list.empty()) {
    if (!list.starts_with(',')) {
      const std::optional<TagView> tag = take_tag(list);
      list = wire::trim(list);
      if (!tag || (!list.empty() && list.front() != ',')) return false;
      if (matches(*tag)) return true;
    }
    if (!list.empty()) list = wire::trim(list.substr(1));
  }
  return false;
}

// Whether If-Match or If-None-Match is "hit" by the current representation.
bool hits(std::string_view list, const Validators& current, bool strong) {
  if (!current.exists) return false;
  if (wire::trim(list) == "*") return true;
  if (!current.etag) return false;
  return any_tag(list, [&](const TagView& tag) {
    return tag.opaque == current.etag->opaque && !(strong && (tag.weak || current.etag->weak));
  });
}

void append_hex(std::string& out, std::uint64_t value) {
  char digits[16];
  std::size_t count = 0;
  do {
    digits[count++] = "0123456789abcdef"[value & 15];
  } while ((value >>= 4) != 0);
  while (count > 0) out += digits[--count];
}

}  // namespace

std::string ETag::str() const {
  std::string out = weak ? "W/\"" : "\"";
  return out.append(opaque).append("\"");
}

std::optional<ETag> ETag::parse(std::string_view text) {
  const std::optional<TagView> tag = take_tag(text);
  if (!tag || !text.empty()) return std::nullopt;
  return ETag{std::string(tag->opaque), tag->weak};
}

bool strong_match(const ETag& a, const ETag& b) { return !a.weak && !b.weak && a.opaque == b.opaque; }

bool weak_match(const ETag& a, const ETag& b) { return a.opaque == b.opaque; }

ETag make_etag(std::uint64_t size, std::int64_t modified_ns, std::uint64_t inode, bool weak) {
  ETag tag{.opaque = {}, .weak = weak};
  append_hex(tag.opaque, size);
  tag.opaque += '-';
  append_hex(tag.opaque, torc::detail::hash_word(static_cast<std::uint64_t>(modified_ns), inode));
  return tag;
}

Precondition evaluate(std::string_view method, const Conditions& conditions, const Validators& current) {
  const bool reads = method == "GET" || method == "HEAD";
  if (conditions.if_match) {
    if (!hits(*conditions.if_match, current, true)) return Precondition::kPreconditionFailed;
  } else if (conditions.if_unmodified_since && current.last_modified) {
    const auto since = parse_http_date(*conditions.if_unmodified_since);
    if (since && *current.last_modified > *since) return Precondition::kPreconditionFailed;
  }
  if (conditions.if_none_match) {
    if (hits(*conditions.if_none_match, current, false)) {
      return reads ? Precondition::kNotModified : Precondition::kPreconditionFailed;
    }
  } else if (reads && conditions.if_modified_since && current.last_modified) {
    const auto since = parse_http_date(*conditions.if_modified_since);
    if (since && *current.last_modified <= *since) return Precondition::kNotModified;
  }
  return Precondition::kProceed;
}

bool honours_range(std::string_view method, const Conditions& conditions, const Validators& current) {
  if (method != "GET") return false;
  if (!conditions.if_range) return true;
  const std::string_view value = *conditions.if_range;
  if (value.contains('"')) {
    const std::optional<ETag> tag = ETag::parse(value);
    return tag && current.etag && strong_match(*tag, *current.etag);
  }
  const auto date = parse_http_date(value);
  return date && current.last_modified == date;
}

}  // namespace torc::http
