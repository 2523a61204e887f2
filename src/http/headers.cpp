#include "torc/http/headers.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/escape.hpp"
#include "codec/http1_chars.hpp"

namespace torc::http {
namespace {

namespace wire = codec::http1::detail;

[[noreturn]] void refuse(std::string_view name, std::string_view why) {
  throw std::invalid_argument(("header field " + torc::detail::in_quotes(name)).append(": ").append(why));
}

void check(std::string_view name, std::string_view value) {
  if (!is_field_name(name))
    refuse(name, name.empty() ? "the name is empty" : "the name is not a token (RFC 9110 5.6.2)");
  // The value stays out of the message: it may be a credential, and it is what an attacker chose.
  if (!is_field_value(value)) refuse(name, "the value holds a control character (CR, LF, NUL or the like)");
}

}  // namespace

bool equal_names(std::string_view a, std::string_view b) { return wire::iequals(a, b); }

bool is_field_name(std::string_view name) {
  const char* const end = name.data() + name.size();
  return !name.empty() && wire::skip_token(name.data(), end) == end;
}

bool is_field_value(std::string_view value) {
  const char* const end = value.data() + value.size();
  return wire::skip_value(value.data(), end) == end;
}

Headers::Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  fields_.reserve(fields.size());
  for (const auto& [name, value] : fields) add(name, value);
}

void Headers::add(std::string_view name, std::string_view value) {
  check(name, value);
  fields_.push_back({std::string(name), std::string(wire::trim(value))});
}

void Headers::set(std::string_view name, std::string_view value) {
  check(name, value);
  const auto named = [name](const Field& field) { return equal_names(field.name, name); };
  const auto first = std::ranges::find_if(fields_, named);
  if (first == fields_.end()) {
    fields_.push_back({std::string(name), std::string(wire::trim(value))});
    return;
  }
  // Build before erasing: `name` and `value` may be views into this very list.
  Field replacement{std::string(name), std::string(wire::trim(value))};
  fields_.erase(std::remove_if(first + 1, fields_.end(),
                               [&](const Field& field) { return equal_names(field.name, replacement.name); }),
                fields_.end());
  *first = std::move(replacement);
}

std::size_t Headers::remove(std::string_view name) {
  const std::string own(name);  // `name` may be a view into a field about to go
  return std::erase_if(fields_, [&](const Field& field) { return equal_names(field.name, own); });
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const Field& field : fields_) {
    if (equal_names(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field& field : fields_) {
    if (equal_names(field.name, name)) values.push_back(field.value);
  }
  return values;
}

std::string Headers::joined(std::string_view name) const {
  std::string out;
  bool first = true;
  for (const Field& field : fields_) {
    if (!equal_names(field.name, name)) continue;
    if (!first) out += ", ";
    first = false;
    out += field.value;
  }
  return out;
}

}  // namespace torc::http
