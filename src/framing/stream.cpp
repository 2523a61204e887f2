#include <torc/framing/stream.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/codec/netstring.hpp>

namespace torc::framing {

namespace {

LimitExceeded too_long(const char* what, std::size_t limit) {
  return LimitExceeded(std::string(what) + " is longer than the limit of " + std::to_string(limit) + " bytes");
}

}  // namespace

Deferred<std::optional<std::string>> read_string(Stream& stream, codec::Prefix prefix, std::size_t limit) {
  if (co_await stream.at_end()) co_return std::nullopt;
  const std::string head = co_await stream.read_exactly(static_cast<std::size_t>(prefix));
  std::uint64_t length = 0;
  for (const char c : head) length = length << 8 | static_cast<std::uint8_t>(c);
  if (length > limit) throw too_long("a string", limit);
  co_return co_await stream.read_exactly(static_cast<std::size_t>(length));
}

Deferred<void> write_string(Stream& stream, codec::Prefix prefix, std::string_view string) {
  if (string.size() > codec::max_length(prefix)) {
    return fail(FramingError("a string of " + std::to_string(string.size()) + " bytes is longer than its prefix can say"));
  }
  return stream.write(codec::length_prefix(prefix, string.size()).append(string));
}

Deferred<std::optional<std::string>> read_netstring(Stream& stream, std::size_t limit) {
  const auto head = co_await stream.read_until(":", std::to_string(limit).size());
  if (!head) co_return std::nullopt;
  codec::NetstringReader reader(limit);
  const std::string begun = *head + ':';
  std::string_view input = begun;
  switch (reader.next(input)) {
    case codec::Framed::kNeedMore:
      break;
    case codec::Framed::kTooLong:
      throw too_long("a netstring", limit);
    default:
      throw FramingError("what came is no netstring");
  }
  std::string string = co_await stream.read_exactly(static_cast<std::size_t>(reader.expected()));
  if (string.back() != ',') throw FramingError("a netstring does not end in a comma");
  string.pop_back();
  co_return string;
}

Deferred<void> write_netstring(Stream& stream, std::string_view string) {
  return stream.write(codec::netstring_prefix(string.size()).append(string).append(1, ','));
}

AsyncGenerator<std::string> lines(Stream& stream, std::size_t limit) {
  while (auto line = co_await stream.read_line(limit)) co_yield *std::move(line);
}

}  // namespace torc::framing
