/// The fields of a head or of a trailer section, in order, in one block of memory.
///
/// Used inside RequestHead and ResponseHead, as the trailers of a parser, and by whoever builds a head to be written.
/// A Fields owns its bytes: views it hands out live until it is changed, cleared, moved or destroyed. Two allocations hold
/// any number of fields, and `clear` keeps both for the next message.
///
/// Invariant: every name is a token and every value is free of control bytes (RFC 9110 section 5), because the parsers and
/// `add` refuse anything else. The writers rely on it and copy without looking again.
#pragma once

#include <torc/codec/http1_error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::codec::http1 {

namespace detail {
struct Access;
}

/// One field: the name as it was written, the value without the white space around it.
struct Field {
  std::string_view name;
  std::string_view value;
};

class Fields {
 public:
  class Iterator;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

  /// The field at `index` in order of arrival; `index` is below `size()`.
  [[nodiscard]] Field operator[](std::size_t index) const noexcept {
    const Entry& e = entries_[index];
    return {{bytes_.data() + e.name, e.name_size}, {bytes_.data() + e.value, e.value_size}};
  }
  [[nodiscard]] inline Iterator begin() const noexcept;
  [[nodiscard]] inline Iterator end() const noexcept;

  /// The value of the first field called `name`, letter case ignored (RFC 9110 section 5.1).
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  [[nodiscard]] bool contains(std::string_view name) const noexcept { return find(name).has_value(); }

  /// The values of every field called `name`, in order.
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;

  /// Appends a field; white space around `value` is dropped, as a recipient would.
  /// Errors: kBadFieldName, kBadFieldValue, kHeadTooLarge above 4 GiB in all; nothing is changed then.
  [[nodiscard]] Error add(std::string_view name, std::string_view value);

  /// Replaces all fields called `name` by one at the end. Errors as `add`; nothing is changed then.
  [[nodiscard]] Error set(std::string_view name, std::string_view value);

  /// Removes all fields called `name`; says how many. Their bytes are given back by `clear`.
  std::size_t remove(std::string_view name) noexcept;

  /// Forgets the fields, keeps the memory.
  void clear() noexcept;

  /// Bytes of heap memory held, used or not.
  [[nodiscard]] std::size_t capacity() const noexcept;

 private:
  friend struct detail::Access;

  /// Positions in `bytes_`, so that moving and growing it does no harm.
  struct Entry {
    std::uint32_t name;
    std::uint32_t name_size;
    std::uint32_t value;
    std::uint32_t value_size;
  };

  std::string bytes_;
  std::vector<Entry> entries_;
};

/// Walks a Fields in order. Values are made on the way, so `*it` is a Field and not a reference.
class Fields::Iterator {
 public:
  using value_type = Field;
  using difference_type = std::ptrdiff_t;

  Iterator() = default;
  [[nodiscard]] Field operator*() const noexcept {
    return {{bytes_ + entry_->name, entry_->name_size}, {bytes_ + entry_->value, entry_->value_size}};
  }
  Iterator& operator++() noexcept {
    ++entry_;
    return *this;
  }
  Iterator operator++(int) noexcept {
    Iterator before = *this;
    ++entry_;
    return before;
  }
  [[nodiscard]] bool operator==(const Iterator& other) const noexcept { return entry_ == other.entry_; }

 private:
  friend class Fields;
  Iterator(const char* bytes, const Entry* entry) noexcept : bytes_(bytes), entry_(entry) {}

  const char* bytes_ = nullptr;
  const Entry* entry_ = nullptr;
};

inline Fields::Iterator Fields::begin() const noexcept { return {bytes_.data(), entries_.data()}; }
inline Fields::Iterator Fields::end() const noexcept { return {bytes_.data(), entries_.data() + entries_.size()}; }

}  // namespace torc::codec::http1
