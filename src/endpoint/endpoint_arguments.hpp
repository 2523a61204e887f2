// The fields of one endpoint string, read by the parser of its kind: split at ':' and '=', checked, converted.
//
// A kind asks for each of its places and options once, in the order a user would write them, and ends with finish().
// Readers never stop: they note what is wrong and return a default, and finish() reports the leftmost fault, including
// fields that nobody asked for. So a kind's parser is a list of what it takes and nothing else.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "torc/endpoint/endpoint.hpp"
#include "torc/net/tcp_options.hpp"

namespace torc::detail {

// The error about `text`, with the position told in words.
EndpointError endpoint_error(std::string_view text, std::size_t position, std::string_view what);

class EndpointArguments {
 public:
  // The endpoint that begins at `begin` of `text`. `shape` is the kind's string as an error shows it, "tcp:HOST:PORT".
  // Both views must outlive the object.
  EndpointArguments(std::string_view text, std::size_t begin, std::string_view shape);

  std::string_view text() const { return text_; }
  std::size_t begin() const { return begin_; }
  std::string_view kind() const { return text_.substr(begin_, text_.find(':', begin_) - begin_); }

  // Places, in order; each may be given by name instead.
  std::string host();
  std::uint16_t port(std::uint16_t min);
  int descriptor();
  std::string unix_name();  // a path, or an abstract name behind '@'
  std::vector<std::string> words(std::string_view name);  // all the places that are left, of which there must be one

  // Options; `alias` is a second name for the same thing.
  std::string ip_address(std::string_view key, std::string_view alias);  // without brackets; empty when not given
  int number(std::string_view key, int min, int max, int fallback);
  std::optional<int> number(std::string_view key, int min, int max);
  unsigned octal(std::string_view key, unsigned max, unsigned fallback);
  bool yes_no(std::string_view key, std::string_view alias, bool fallback);
  bool yes_no(std::string_view key, bool fallback) { return yes_no(key, key, fallback); }
  std::string word(std::string_view key);  // not empty, unless it is not given
  std::vector<std::string> list(std::string_view key);  // words between commas
  std::chrono::milliseconds seconds(std::string_view key, std::chrono::milliseconds fallback);
  TcpOptions tcp_options();
  // The value of `key` read by `parse`, an endpoint within this one. Its faults are told at where it begins.
  template <typename Parse>
  auto endpoint(std::string_view key, Parse parse) {
    const Field* field = option(key, key);
    auto inner = parse(field ? std::string_view(field->value) : std::string_view());
    if (field && !inner) fail(field->value_begin, inner.error().message);
    return field ? std::move(inner) : std::unexpected(EndpointError{});
  }
  bool given(std::string_view key) const;

  // For a kind without fields: the ':' behind its name may stand there all the same.
  void nothing();
  // What is wrong although each field is right: at the end, something being missing.
  void fail(std::string_view what) { fail(text_.size(), what); }

  // Call last. Errors: the leftmost fault of the string.
  template <typename Endpoint, typename Concrete>
  std::expected<Endpoint, EndpointError> finish(Concrete endpoint) {
    refuse_leftovers();
    if (error_) return std::unexpected(*std::move(error_));
    return Endpoint{std::move(endpoint)};
  }

 private:
  struct Field {
    std::optional<std::string> key = {};  // none: takes a place
    std::string value = {};               // unescaped; brackets stay
    std::size_t begin = 0, value_begin = 0;
    bool used = false;
  };

  void split();
  const Field* place(std::string_view name);
  const Field* option(std::string_view key, std::string_view alias);
  const Field* find(std::string_view key, std::string_view alias);
  void refuse_leftovers();
  void fail(std::size_t position, std::string_view what);

  std::string_view text_, shape_;
  std::size_t begin_;
  std::vector<Field> fields_;
  std::vector<std::string_view> options_;  // the names asked for, for error messages
  std::optional<EndpointError> error_;
};

}  // namespace torc::detail
