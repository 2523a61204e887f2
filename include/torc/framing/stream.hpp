// The framings for coroutines and fibers: strings and lines over a Stream.
//
//   while (auto job = co_await framing::read_string(stream, codec::Prefix::k32)) {
//     co_await framing::write_string(stream, codec::Prefix::k32, done(*job));
//   }
//
// Reading gives none when the stream ended cleanly between two strings, and fails with IncompleteRead when inside one, with
// LimitExceeded when one is longer than `limit`, before memory is taken for it. The stream must outlive what reads or
// writes it.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/async/generator.hpp>
#include <torc/codec/length_prefixed.hpp>
#include <torc/framing/framed_protocol.hpp>
#include <torc/net/stream.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace torc::framing {

/// The next string behind a length.
Deferred<std::optional<std::string>> read_string(Stream& stream, codec::Prefix prefix, std::size_t limit = 64 * 1024);
/// Sends `string` behind its length; fires as Stream::write does. Fails with FramingError when it is too long for that.
Deferred<void> write_string(Stream& stream, codec::Prefix prefix, std::string_view string);

/// The next netstring. What is none fails with FramingError.
Deferred<std::optional<std::string>> read_netstring(Stream& stream, std::size_t limit = 64 * 1024);
Deferred<void> write_netstring(Stream& stream, std::string_view string);

/// The lines of `stream` to its end, ended by LF or CR LF.
AsyncGenerator<std::string> lines(Stream& stream, std::size_t limit = 64 * 1024);

}  // namespace torc::framing
