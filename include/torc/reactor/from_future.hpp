// from_future: waits for a std::future without blocking the reactor.
//
//   int n = co_await torc::from_future(pool, library.start());
//
// A std::future can only be waited for by a thread that does nothing else meanwhile. It is one of the pool's, so a
// pool that waits for many futures needs as many threads; give them a pool of their own.
#pragma once

#include <torc/reactor/thread_pool.hpp>

#include <future>
#include <utility>

namespace torc {

/// What `future` gives, or the exception it throws. The wait is a job of `pool`: it may be refused, and when it is
/// cancelled or dropped the job is taken out of the queue, but a thread that waits already goes on until the future
/// is ready (semantics, rule 14).
template <class T>
Deferred<T> from_future(ThreadPool& pool, std::future<T> future) {
  return pool.defer([future = std::move(future)]() mutable { return future.get(); });
}

}  // namespace torc
