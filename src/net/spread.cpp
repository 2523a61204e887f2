#include <torc/net/spread.hpp>

#include <algorithm>
#include <cmath>

namespace torc {

namespace {

template <class Count>
double imbalance(const std::vector<ReactorLoad>& reactors, Count ReactorLoad::*count) noexcept {
  double most = 0, sum = 0, serving = 0;
  for (const auto& each : reactors) {
    if (!each.serving) continue;
    most = std::max(most, static_cast<double>(each.*count));
    sum += static_cast<double>(each.*count);
    ++serving;
  }
  return sum == 0 ? 0 : most * serving / sum - 1;
}

template <class Count>
std::string line(const char* name, const std::vector<ReactorLoad>& reactors, Count ReactorLoad::*count) {
  std::string text = name;
  for (const auto& each : reactors) text += ' ' + (each.serving ? std::to_string(each.*count) : "-");
  return text + " (" + std::to_string(std::lround(imbalance(reactors, count) * 100)) + " % above the mean)";
}

}  // namespace

std::size_t GroupLoad::open() const noexcept {
  std::size_t sum = 0;
  for (const auto& each : reactors) sum += each.open;
  return sum;
}

std::uint64_t GroupLoad::accepted() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& each : reactors) sum += each.accepted;
  return sum;
}

double GroupLoad::open_imbalance() const noexcept { return imbalance(reactors, &ReactorLoad::open); }
double GroupLoad::accepted_imbalance() const noexcept { return imbalance(reactors, &ReactorLoad::accepted); }

std::string GroupLoad::str() const {
  return line("open", reactors, &ReactorLoad::open) + ", " + line("accepted", reactors, &ReactorLoad::accepted);
}

}  // namespace torc
