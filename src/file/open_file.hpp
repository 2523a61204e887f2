// OpenFile: what a File and the operations on it share.
//
// All but the lock and the counters of the loop is touched by whoever holds the lock's guard: an operation takes the
// guard with it to the pool, and it comes home and dies with the operation, also when nobody waits for that any more. So
// one operation at a time is on its way, in the order of the calls.
#pragma once

#include "file/perform.hpp"
#include "file/system.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/lock.hpp>
#include <torc/base/bytes.hpp>
#include <torc/file/file.hpp>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

namespace torc::file {

struct OpenFile {
  const std::string path;
  const OpenOptions options;

  // With the guard.
  Opened opened;
  Bytes ahead;  // read and not given yet
  std::size_t read_position = 0;
  std::size_t write_position = 0;

  // On the loop.
  Lock lock;
  bool reading = false;     // a read_some() pends
  std::size_t waiting = 0;  // bytes to be written
};

/// An operation on its way, holding its turn and its share of the descriptor.
template <class Operation>
struct InTurn {
  std::shared_ptr<OpenFile> file;
  Lock::Guard turn;
  Operation operation;

  auto operator()(std::stop_token stop) {
    if (!file->opened.fd) throw FileError("using", file->path, EBADF, "it was closed");
    return operation(*file, std::move(stop));
  }
};

/// Runs `operation(OpenFile&, std::stop_token)` when what was called before it has ended.
template <class Result, class Operation>
Deferred<Result> in_turn(std::shared_ptr<OpenFile> file, Operation operation) {
  auto turn = co_await file->lock.acquire();
  co_return co_await perform(InTurn<Operation>{std::move(file), std::move(turn), std::move(operation)});
}

}  // namespace torc::file
