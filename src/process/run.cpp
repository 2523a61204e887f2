#include <torc/process/run.hpp>

#include "base/escape.hpp"
#include "process/launch.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/gather.hpp>
#include <torc/async/timing.hpp>
#include <torc/process/child.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace torc::process {

namespace {

constexpr std::size_t kPiece = 64 * 1024;  // of input: what waits in a pipe and before it stays small

// A program that ends, or closes its input, before it has read all of it may do so.
Deferred<void> feed(Stream input, std::string_view data) {
  while (!data.empty()) {
    if (!co_await as_outcome(input.write(data.substr(0, kPiece)))) co_return;
    data.remove_prefix(std::min(kPiece, data.size()));
  }
}

Deferred<std::string> collect(Stream output, std::size_t limit, const char* kind) {
  std::string collected;
  while (auto piece = co_await output.read_some()) {
    if (piece->size() > limit - collected.size()) {
      throw LimitExceeded("more than " + std::to_string(limit) + " bytes of " + kind + " (output_limit)");
    }
    collected += *piece;
  }
  co_return collected;
}

Deferred<Result> talk(Child& child, const RunOptions& options) {
  auto fed = options.input.empty() ? succeed() : feed(std::move(child.input()), options.input);
  auto output = collect(std::move(child.output()), options.output_limit, "output");
  auto errors = options.errors == Errors::kKept ? collect(std::move(child.errors()), options.output_limit, "errors")
                                                : succeed(std::string());
  auto all = co_await gather(std::move(fed), std::move(output), std::move(errors), child.wait());
  co_return Result{.output = std::move(std::get<1>(all)), .errors = std::move(std::get<2>(all)), .status = std::get<3>(all)};
}

ChildFile errors_of(const RunOptions& options) {
  switch (options.errors) {
    case Errors::kKept: return from_child();
    case Errors::kWithOutput: return same_as(1);
    case Errors::kInherited: break;
  }
  return inherit(2);
}

std::string_view last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace

ProgramFailed::ProgramFailed(const Command& command, Result result)
    : Error(detail::name_of(command) + " " + result.status.text() +
            (last_line(result.errors).empty() ? "" : ": " + torc::detail::escaped(last_line(result.errors).substr(0, 500)))),
      result_(std::make_shared<const Result>(std::move(result))) {}

Deferred<Result> run(Command command, RunOptions options) {
  Child child = spawn(command, {.directory = options.directory,
                                .environment = options.environment,
                                .files = {{0, options.input.empty() ? null() : to_child()},
                                          {1, from_child()},
                                          {2, errors_of(options)}},
                                .group = true,
                                .identity = options.identity,
                                .kill_after = options.kill_after});
  auto result = co_await as_outcome(with_timeout(options.timeout, talk(child, options)));
  if (result) co_return std::move(*result);
  if (result.error().check<Cancelled, ReactorStopped>()) co_return std::move(result).error();
  const bool ended = !child.running();
  static_cast<void>(co_await as_outcome(child.stop(options.kill_after)));
  if (result.error().check<TimeoutError>()) {
    co_return Failure(TimeoutError(detail::name_of(command) + " " + torc::detail::timed_out_after(options.timeout) +
                                   (ended ? ": it ended, but something that it started keeps its output open"
                                          : " and was stopped")));
  }
  co_return std::move(result.error().note("running " + detail::name_of(command)));
}

Deferred<Result> run_checked(Command command, RunOptions options) {
  auto result = co_await run(command, std::move(options));
  if (!result.status) throw ProgramFailed(command, std::move(result));
  co_return result;
}

}  // namespace torc::process
