// Moving bytes on: from a stream to another, both ways between two, from a generator to a stream.
//
//   co_await torc::copy(from, to);        // to the end of `from`, at the pace of whoever is slower
//   co_await torc::relay(client, server); // what a proxy does
//
// One piece is under way at a time: nothing is read that cannot be written, so memory is bounded by one read and the
// queue of `to`. Streams and generators must outlive the copy. Dropping or cancelling it while it writes leaves a stream
// that can only be aborted, as any dropped write does.
#pragma once

#include <torc/async/coroutine.hpp>
#include <torc/async/deferred.hpp>
#include <torc/async/generator.hpp>
#include <torc/net/stream.hpp>

#include <cstdint>
#include <string_view>

namespace torc {

/// What becomes of the other end when the source has ended.
enum class AtEnd { kShutDown, kLeaveOpen };

/// Writes all that comes from `from` to `to` until `from` ends; then shuts down writing of `to`, unless told otherwise.
/// Gives the number of bytes. Fails with the reason when either breaks.
Deferred<std::uint64_t> copy(Stream& from, Stream& to, AtEnd at_end = AtEnd::kShutDown);

struct Relayed {
  std::uint64_t forward = 0;   ///< from the first to the second
  std::uint64_t backward = 0;  ///< from the second to the first
};
/// Copies both ways until both streams have ended, each end passed on as one. When one breaks both are aborted, and this
/// fails with the reason.
Deferred<Relayed> relay(Stream& a, Stream& b);

/// Writes what `source` gives until its end, and leaves `to` open. The next value is asked for when there is room for it.
/// Gives the number of bytes.
template <class T>
Deferred<std::uint64_t> pump(AsyncGenerator<T> source, Stream& to) {
  std::uint64_t count = 0;
  while (auto piece = co_await source.next()) {
    const std::string_view bytes = *piece;
    co_await to.write(bytes);
    count += bytes.size();
  }
  co_return count;
}

}  // namespace torc
