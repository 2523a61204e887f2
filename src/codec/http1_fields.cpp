#include <torc/codec/http1_fields.hpp>

#include "codec/http1_chars.hpp"

#include <algorithm>

namespace torc::codec::http1 {

std::optional<std::string_view> Fields::find(std::string_view name) const noexcept {
  for (const Entry& e : entries_) {
    if (e.name_size == name.size() && detail::iequals({bytes_.data() + e.name, e.name_size}, name))
      return std::string_view(bytes_.data() + e.value, e.value_size);
  }
  return std::nullopt;
}

std::vector<std::string_view> Fields::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field field : *this)
    if (detail::iequals(field.name, name)) values.push_back(field.value);
  return values;
}

Error Fields::add(std::string_view name, std::string_view value) {
  value = detail::trim(value);
  if (!detail::is_token(name)) return Error::kBadFieldName;
  if (!detail::is_value(value)) return Error::kBadFieldValue;
  if (name.size() + value.size() > UINT32_MAX - bytes_.size()) return Error::kHeadTooLarge;
  const auto at = static_cast<std::uint32_t>(bytes_.size());
  const auto name_size = static_cast<std::uint32_t>(name.size());
  const auto value_size = static_cast<std::uint32_t>(value.size());
  const std::size_t needed = bytes_.size() + name.size() + value.size();
  if (needed <= bytes_.capacity()) {
    bytes_.append(name).append(value);
  } else {  // `name` and `value` may be views into this very block, so it stays until they are copied
    std::string grown;
    grown.reserve(std::max(needed, 2 * bytes_.capacity()));
    grown.append(bytes_).append(name).append(value);
    bytes_.swap(grown);
  }
  entries_.push_back({at, name_size, at + name_size, value_size});
  return Error::kNone;
}

Error Fields::set(std::string_view name, std::string_view value) {
  if (const Error error = add(name, value); error != Error::kNone) return error;
  const Entry added = entries_.back();
  entries_.pop_back();
  remove({bytes_.data() + added.name, added.name_size});
  entries_.push_back(added);
  return Error::kNone;
}

std::size_t Fields::remove(std::string_view name) noexcept {
  return std::erase_if(entries_,
                       [&](const Entry& e) { return detail::iequals({bytes_.data() + e.name, e.name_size}, name); });
}

void Fields::clear() noexcept {
  bytes_.clear();
  entries_.clear();
}

std::size_t Fields::capacity() const noexcept {
  static const std::size_t kInside = std::string().capacity();
  return (bytes_.capacity() > kInside ? bytes_.capacity() : 0) + entries_.capacity() * sizeof(Entry);
}

}  // namespace torc::codec::http1
