// The stash of a BackgroundReactor: results put away under a number, to be fetched later, by another
// thread or in answer to another request. Users have EventualResult::stash and BackgroundReactor::retrieve.
#pragma once

#include <torc/base/errors.hpp>
#include <torc/reactor/eventual.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

namespace torc {

/// Names a stashed result. Counted from 1: not a secret.
using StashId = std::uint64_t;

/// There is no such result in the stash: never was, or it has been retrieved.
class NotStashed : public Error {
 public:
  using Error::Error;
};

namespace detail {

/// Its address stands for results of type T.
template <class T>
inline char stash_type_of = 0;
template <class T>
const void* stash_type() noexcept {
  return &stash_type_of<T>;
}

/// Shared by a BackgroundReactor and its results. From any thread.
class Stash {
 public:
  StashId add(std::shared_ptr<Eventual> state, const void* type);
  /// Takes it out. Throws NotStashed, also when it is there with another type (and leaves it).
  std::shared_ptr<Eventual> take(StashId id, const void* type);
  /// Lets go of what is left: failures nobody looked at are logged. Nothing can be added afterwards.
  void close() noexcept;

 private:
  struct Entry {
    std::shared_ptr<Eventual> state;
    const void* type;
  };
  std::mutex mutex_;
  bool closed_ = false;
  StashId last_ = 0;
  std::map<StashId, Entry> entries_;
};

}  // namespace detail
}  // namespace torc
