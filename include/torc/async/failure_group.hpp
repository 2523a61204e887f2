// FailureGroup: the error of an operation that had several ways to succeed and none did.
//
// Made by race() and select(). It holds the failure of each try; a Failure that holds it can be asked
// for them: `if (auto* group = failure.get<FailureGroup>()) for (auto& f : group->failures()) ...`.
#pragma once

#include <torc/base/errors.hpp>
#include <torc/base/failure.hpp>

#include <memory>
#include <vector>

namespace torc {

class FailureGroup : public Error {
 public:
  /// `failures` in the order of what was tried. The message says how many, and the first.
  explicit FailureGroup(std::vector<Failure> failures);

  /// The failure of each try, in the order in which the tries were given.
  const std::vector<Failure>& failures() const noexcept { return *failures_; }

 private:
  std::shared_ptr<const std::vector<Failure>> failures_;  // shared: an exception must copy without throwing
};

}  // namespace torc
