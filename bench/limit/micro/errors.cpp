// An error through four functions, no coroutines: thrown, or in a std::expected.
#include <expected>
#include <memory>
#include <stdexcept>

#include "../../micro.hpp"

namespace {

using Error = std::unique_ptr<std::exception>;

[[gnu::noinline]] std::expected<int, Error> passed(int level) {
  if (level == 1) return std::unexpected(Error(new std::runtime_error("the disk is full")));
  auto outcome = passed(level - 1);
  if (!outcome) return std::unexpected(std::move(outcome).error());
  return *outcome + 1;
}

[[gnu::noinline]] int thrown(int level) {
  if (level == 1) throw std::runtime_error("the disk is full");
  try {
    return thrown(level - 1) + 1;
  } catch (...) {  // as every coroutine does
    std::rethrow_exception(std::current_exception());
  }
}

const micro::Row value("error_value", [](micro::Run& run) {
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) micro::keep(passed(4).has_value());
});

const micro::Row exception("error_thrown", [](micro::Run& run) {
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    try {
      micro::keep(thrown(4));
    } catch (const std::exception& e) {
      micro::keep(e);
    }
  }
});

}  // namespace
