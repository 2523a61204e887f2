#include <torc/net/copy.hpp>

#include <torc/async/gather.hpp>

#include <tuple>

namespace torc {

Deferred<std::uint64_t> copy(Stream& from, Stream& to, AtEnd at_end) {
  std::uint64_t count = 0;
  while (auto chunk = co_await from.read_some()) {
    co_await to.write(*chunk);
    count += chunk->size();
  }
  if (at_end == AtEnd::kShutDown) to.shutdown_write();
  co_return count;
}

Deferred<Relayed> relay(Stream& a, Stream& b) {
  auto both = co_await as_outcome(gather(copy(a, b), copy(b, a)));
  if (!both) {
    a.abort();
    b.abort();
    both.error().raise();
  }
  co_return Relayed{std::get<0>(*both), std::get<1>(*both)};
}

}  // namespace torc
