// perform: the one door between this module and the disk.
//
// An operation is a struct that says what it wants; its operator() does that by system calls that may block, and throws
// a FileError. perform() runs it on the reactor's file pool. A way into the kernel that needs no thread would overload
// perform() for the operations it knows; nothing else would change.
#pragma once

#include <torc/reactor/reactor.hpp>
#include <torc/reactor/thread_pool.hpp>

#include <source_location>
#include <utility>

namespace torc::file {

/// Of a reactor: separate from defer_to_thread's, so that a slow disk delays nothing else.
struct FilePool {
  ThreadPool threads{{.name = "torc-files", .max = 8, .queue_limit = 65'536}};
};

/// Dropping the result takes the operation back while it waits for a thread. One that runs goes on, asked to stop if it
/// takes a std::stop_token. The operation itself dies on the reactor's thread, when it has ended or was taken back.
template <class Operation>
auto perform(Operation operation, std::source_location where = std::source_location::current()) {
  auto& pool = Reactor::required("a file operation").service<FilePool>();
  return pool.threads.defer(std::move(operation), where);
}

}  // namespace torc::file
