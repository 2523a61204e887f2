// For the tests of this module: what an operation that must fail fails with.
#pragma once

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/file/errors.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace torc::file {

template <class T>
Deferred<FileError> error_of(Deferred<T> operation) {
  auto outcome = co_await as_outcome(std::move(operation));
  if (outcome) {
    ADD_FAILURE() << "it succeeded";
  } else if (const auto* error = outcome.error().template get<FileError>()) {
    co_return *error;
  } else {
    ADD_FAILURE() << outcome.error().report();
  }
  co_return FileError("", "", 0);
}

template <class T>
Deferred<int> code_of(Deferred<T> operation) {
  co_return (co_await error_of(std::move(operation))).code();
}

}  // namespace torc::file
