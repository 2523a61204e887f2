#include "endpoint/endpoint_arguments.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/decimal.hpp"
#include "base/escape.hpp"
#include "torc/base/address.hpp"
#include "torc/base/host_name.hpp"

namespace torc::detail {
namespace {

constexpr std::uint64_t kMaxDescriptor = 1'048'575;
constexpr int kMaxKeepAlive = 32767;  // the kernel's own limit
constexpr std::uint64_t kMaxSeconds = 1'000'000;  // eleven days; what is longer is a mistake in the unit

// "30", "0.5", "1.250".
std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto whole = parse_decimal(text.substr(0, dot), kMaxSeconds);
  if (!whole) return std::nullopt;
  std::uint64_t milliseconds = *whole * 1000;
  if (dot != text.npos) {
    const std::string_view fraction = text.substr(dot + 1);
    if (fraction.empty() || fraction.size() > 3) return std::nullopt;
    std::uint64_t unit = 100;
    for (char c : fraction) {
      if (c < '0' || c > '9') return std::nullopt;
      milliseconds += static_cast<std::uint64_t>(c - '0') * unit;
      unit /= 10;
    }
  }
  if (milliseconds == 0) return std::nullopt;
  return std::chrono::milliseconds{milliseconds};
}

// The inside of "[...]"; nothing if there are no brackets around the whole.
std::optional<std::string_view> in_brackets(std::string_view value) {
  if (value.size() < 2 || value.front() != '[' || value.back() != ']') return std::nullopt;
  return value.substr(1, value.size() - 2);
}

bool is_ipv6(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address && address->is_v6();
}

}  // namespace

EndpointError endpoint_error(std::string_view text, std::size_t position, std::string_view what) {
  return {fmt::format("endpoint {}: {} (at character {})", in_quotes(text), what, position + 1), position};
}

EndpointArguments::EndpointArguments(std::string_view text, std::size_t begin, std::string_view shape)
    : text_(text), shape_(shape), begin_(begin) {
  split();
}

// Stops at a fault that leaves the rest of the fields unknown.
void EndpointArguments::split() {
  std::size_t i = begin_ + kind().size();
  while (i < text_.size()) {  // at a ':'
    Field field{.begin = i + 1, .value_begin = i + 1};
    std::size_t bracket = text_.npos;  // where an open one is
    for (++i; i < text_.size() && (text_[i] != ':' || bracket != text_.npos); ++i) {
      const char c = text_[i];
      if (c == '\\') {
        if (++i == text_.size()) return fail(i - 1, "after a backslash comes the character it protects");
        field.value += text_[i];
      } else if (c == '=' && !field.key && bracket == text_.npos) {
        field.key = std::exchange(field.value, {});
        field.value_begin = i + 1;
      } else {
        if (c == '[' && i == field.value_begin) bracket = i;
        if (c == ']') bracket = text_.npos;
        field.value += c;
      }
    }
    if (bracket != text_.npos)
      return fail(bracket, R"(this bracket is not closed; write \[ for one that is part of a name)");
    fields_.push_back(std::move(field));
  }
}

const EndpointArguments::Field* EndpointArguments::place(std::string_view name) {
  if (const Field* field = find(name, name)) return field;
  const auto field = std::ranges::find_if(fields_, [](const Field& f) { return !f.key && !f.used; });
  if (field == fields_.end()) {
    fail(text_.size(), fmt::format("{} is missing; write {}", name, shape_));
    return nullptr;
  }
  field->used = true;
  return &*field;
}

const EndpointArguments::Field* EndpointArguments::option(std::string_view key, std::string_view alias) {
  options_.push_back(key);
  if (alias != key) options_.push_back(alias);
  return find(key, alias);
}

const EndpointArguments::Field* EndpointArguments::find(std::string_view key, std::string_view alias) {
  const Field* found = nullptr;
  for (Field& field : fields_) {
    if (!field.key || (*field.key != key && *field.key != alias)) continue;
    field.used = true;
    if (found == nullptr) {
      found = &field;
    } else if (*found->key == *field.key) {
      fail(field.begin, fmt::format("{} is given twice", *field.key));
    } else {
      fail(field.begin, fmt::format("{} and {} mean the same; give one of them", key, alias));
    }
  }
  return found;
}

std::string EndpointArguments::host() {
  const Field* field = place("host");
  if (field == nullptr) return {};
  if (field->value.empty()) {
    fail(field->value_begin, fmt::format("host is missing; write {}, an IPv6 address in brackets", shape_));
    return {};
  }
  if (field->value.front() == '[') {
    const auto inside = in_brackets(field->value);
    if (!inside || !is_ipv6(*inside)) fail(field->value_begin, "brackets hold an IPv6 address, such as [2001:db8::1]");
    return std::string{inside.value_or("")};
  }
  if (auto good = check_host(field->value); !good) fail(field->value_begin, good.error());
  return field->value;
}

std::uint16_t EndpointArguments::port(std::uint16_t min) {
  const Field* field = place("port");
  if (field == nullptr) return 0;
  const auto value = parse_decimal(field->value, 65535);
  if (!value || *value < min) fail(field->value_begin, fmt::format("port must be a number from {} to 65535", min));
  return static_cast<std::uint16_t>(value.value_or(0));
}

std::string EndpointArguments::ip_address(std::string_view key, std::string_view alias) {
  const Field* field = option(key, alias);
  if (field == nullptr) return {};
  const auto inside = in_brackets(field->value);
  const std::string_view text = inside.value_or(field->value);
  if (inside ? !is_ipv6(text) : !IpAddress::parse(text))
    fail(field->value_begin, fmt::format("{} must be an IP address, such as 127.0.0.1 or [::1]", *field->key));
  return std::string{text};
}

int EndpointArguments::number(std::string_view key, int min, int max, int fallback) {
  const Field* field = option(key, key);
  if (field == nullptr) return fallback;
  const auto value = parse_decimal(field->value, static_cast<std::uint64_t>(max));
  if (!value || static_cast<int>(*value) < min)
    fail(field->value_begin, fmt::format("{} must be a number from {} to {}", key, min, max));
  return static_cast<int>(value.value_or(0));
}

std::optional<int> EndpointArguments::number(std::string_view key, int min, int max) {
  const int value = number(key, min, max, min - 1);
  return value < min ? std::nullopt : std::optional(value);
}

int EndpointArguments::descriptor() {
  const Field* field = place("number");
  if (field == nullptr) return 0;
  const auto value = parse_decimal(field->value, kMaxDescriptor);
  if (!value) fail(field->value_begin, fmt::format("number must be a descriptor, from 0 to {}", kMaxDescriptor));
  return static_cast<int>(value.value_or(0));
}

std::string EndpointArguments::unix_name() {
  const Field* field = place("path");
  if (field == nullptr) return {};
  const std::string_view name = field->value;
  const auto address =
      name.starts_with('@') ? SocketAddress::unix_abstract(name.substr(1)) : SocketAddress::unix_path(name);
  if (!address) fail(field->value_begin, address.error());
  return field->value;
}

std::vector<std::string> EndpointArguments::words(std::string_view name) {
  std::vector<std::string> words;
  while (words.empty() || std::ranges::any_of(fields_, [](const Field& f) { return !f.key && !f.used; })) {
    const Field* field = place(name);
    if (field == nullptr) break;
    if (words.empty() && field->value.empty()) fail(field->value_begin, fmt::format("{} is empty; write {}", name, shape_));
    if (field->value.contains('\0')) fail(field->value_begin, fmt::format("there is a NUL in this {}", name));
    words.push_back(field->value);
  }
  return words;
}

std::string EndpointArguments::word(std::string_view key) {
  const Field* field = option(key, key);
  if (field == nullptr) return {};
  if (field->value.empty() || field->value.contains('\0')) {
    fail(field->value_begin, fmt::format("{} is empty, or has a NUL; leave it out, or give it a value", key));
  }
  return field->value;
}

std::vector<std::string> EndpointArguments::list(std::string_view key) {
  std::vector<std::string> words;
  const Field* field = option(key, key);
  if (field == nullptr) return words;
  for (std::size_t begin = 0; begin <= field->value.size();) {
    const std::size_t end = std::min(field->value.find(',', begin), field->value.size());
    words.push_back(field->value.substr(begin, end - begin));
    if (words.back().empty()) fail(field->value_begin, fmt::format("{} must be words with one comma between them", key));
    begin = end + 1;
  }
  return words;
}

unsigned EndpointArguments::octal(std::string_view key, unsigned max, unsigned fallback) {
  const Field* field = option(key, key);
  if (field == nullptr) return fallback;
  unsigned value = 0;
  const char* const end = field->value.data() + field->value.size();
  const auto read = std::from_chars(field->value.data(), end, value, 8);
  if (read.ec != std::errc{} || read.ptr != end || value > max) {
    fail(field->value_begin, fmt::format("{} must be an octal number up to {:o}, such as 660", key, max));
  }
  return value;
}

TcpOptions EndpointArguments::tcp_options() {
  TcpOptions options;
  options.no_delay = yes_no("nodelay", options.no_delay);
  options.keep_alive = std::chrono::seconds(number("keepalive", 1, kMaxKeepAlive, 0));
  options.user_timeout = seconds("usertimeout", options.user_timeout);
  options.fast_open = yes_no("fastopen", options.fast_open);
  return options;
}

void EndpointArguments::nothing() {
  if (fields_.size() == 1 && !fields_[0].key && fields_[0].value.empty()) fields_.clear();
}

bool EndpointArguments::given(std::string_view key) const {
  return std::ranges::any_of(fields_, [&](const Field& field) { return field.key == key; });
}

bool EndpointArguments::yes_no(std::string_view key, std::string_view alias, bool fallback) {
  const Field* field = option(key, alias);
  if (field == nullptr) return fallback;
  if (field->value != "yes" && field->value != "no") fail(field->value_begin, fmt::format("{} must be yes or no", *field->key));
  return field->value == "yes";
}

std::chrono::milliseconds EndpointArguments::seconds(std::string_view key, std::chrono::milliseconds fallback) {
  const Field* field = option(key, key);
  if (field == nullptr) return fallback;
  const auto value = parse_seconds(field->value);
  if (!value)
    fail(field->value_begin,
         fmt::format("{} must be a number of seconds from 0.001 to {}, such as 30 or 0.5", key, kMaxSeconds));
  return value.value_or(fallback);
}

void EndpointArguments::refuse_leftovers() {
  for (const Field& field : fields_) {
    if (field.used) continue;
    if (field.key) {
      fail(field.begin, options_.empty() ? fmt::format("{} has no options", kind())
                                         : fmt::format("{} has no option {}; it takes {}", kind(),
                                                       in_quotes(*field.key, 40), fmt::join(options_, ", ")));
    } else if (field.value.empty()) {
      fail(field.begin, "a field is empty; remove a ':'");
    } else {
      fail(field.begin,
           fmt::format("{} is one field too many; options are written key=value, IPv6 addresses in brackets",
                       in_quotes(field.value, 40)));
    }
  }
}

void EndpointArguments::fail(std::size_t position, std::string_view what) {
  if (!error_ || position < error_->position) error_ = endpoint_error(text_, position, what);
}

}  // namespace torc::detail
