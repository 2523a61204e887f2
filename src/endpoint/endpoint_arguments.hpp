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

namespace torc::detail {

// The error about `text`, with the position told in words.
EndpointError endpoint_error(std::string_view text, std::size_t position, std::string_view what);

class EndpointArguments {
 public:
  // `shape` is the kind's string as an error shows it, "tcp:HOST:PORT". Both views must outlive the object.
  EndpointArguments(std::string_view text, std::string_view shape);

  std::string_view kind() const { return text_.substr(0, text_.find(':')); }

  // Places, in order; each may be given by name instead.
  std::string host();
  std::uint16_t port(std::uint16_t min);

  // Options; `alias` is a second name for the same thing.
  std::string ip_address(std::string_view key, std::string_view alias);  // without brackets; empty when not given
  int number(std::string_view key, int min, int max, int fallback);
  bool yes_no(std::string_view key, bool fallback);
  std::chrono::milliseconds seconds(std::string_view key, std::chrono::milliseconds fallback);

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
  std::vector<Field> fields_;
  std::vector<std::string_view> options_;  // the names asked for, for error messages
  std::optional<EndpointError> error_;
};

}  // namespace torc::detail
