// The header fields of a message one composes: an ordered list that owns its text.
//
// Used by Response and by the client's Request. (The fields of a message being received are views into the connection's
// buffer and live in the codec.) A plain value: 24 bytes while empty, moved by three pointers, no allocation before the first
// field. Messages have some twenty fields, so every lookup is a walk; names compare without case (RFC 9110 §5.1).
//
// What does not belong on the wire cannot get in: each field is checked as it is stored, so no later step can be talked into
// splitting a response.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::http {

class Headers {
 public:
  struct Field {
    std::string name;  ///< as given; compare with `equal_names`
    std::string value;  ///< without spaces and tabs around it

    friend bool operator==(const Field&, const Field&) = default;
  };

  Headers() = default;

  /// `Headers{{"Accept", "text/html"}, {"X-Id", "7"}}`; adds each in turn. Errors: as `add`.
  Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

  /// Appends a field, beside others of the same name.
  ///
  /// Spaces and tabs around the value are not part of it (RFC 9110 §5.5) and are dropped.
  ///
  /// Errors: throws std::invalid_argument, naming the field, if the name is not a token (RFC 9110 §5.6.2) or the value holds
  /// CR, LF, NUL or another control except HTAB. The list is then unchanged.
  void add(std::string_view name, std::string_view value);

  /// Makes this the only field of its name: replaces the first in its place and removes the others, or appends.
  /// Errors: as `add`.
  void set(std::string_view name, std::string_view value);

  /// Removes every field of this name; gives their number.
  std::size_t remove(std::string_view name);

  void clear() { fields_.clear(); }
  void reserve(std::size_t count) { fields_.reserve(count); }

  /// The value of the first field of this name; nullopt when there is none (an empty value is not none).
  /// Lifetime: until the list changes.
  std::optional<std::string_view> get(std::string_view name) const;

  bool contains(std::string_view name) const { return get(name).has_value(); }

  /// The values of all fields of this name, in order. Lifetime: until the list changes.
  std::vector<std::string_view> all(std::string_view name) const;

  /// The same joined by ", ", which for list-valued fields means the same (RFC 9110 §5.3). Not for Set-Cookie.
  std::string joined(std::string_view name) const;

  std::size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }

  /// The fields in the order they were added.
  std::vector<Field>::const_iterator begin() const { return fields_.begin(); }
  std::vector<Field>::const_iterator end() const { return fields_.end(); }

  /// Equal fields in equal order; names here compare with case.
  friend bool operator==(const Headers&, const Headers&) = default;

 private:
  std::vector<Field> fields_;
};

/// Whether two field names are the same field: ASCII letters compare without case.
bool equal_names(std::string_view a, std::string_view b);

/// Whether `name` may name a field: a non-empty token (RFC 9110 §5.1).
bool is_field_name(std::string_view name);

/// Whether `value` may be a field's value: no control but HTAB. Bytes from 0x80 are allowed, as obs-text (RFC 9110 §5.5).
bool is_field_value(std::string_view value);

}  // namespace torc::http
