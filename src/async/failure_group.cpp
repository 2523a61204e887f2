#include <torc/async/failure_group.hpp>

#include <string>

namespace torc {

namespace {

std::string describe(const std::vector<Failure>& failures) {
  if (failures.empty()) return "there was nothing to try";
  if (failures.size() == 1) return "the only try failed: " + failures.front().message();
  return "all " + std::to_string(failures.size()) + " failed, the first with: " + failures.front().message();
}

}  // namespace

FailureGroup::FailureGroup(std::vector<Failure> failures)
    : Error(describe(failures)), failures_(std::make_shared<const std::vector<Failure>>(std::move(failures))) {}

}  // namespace torc
