// torc-contract: runs the contract's cases on every poller and transport, in every mode, and prints the matrix.
//
//   torc-contract [--list] [PATTERN]      only cases whose "group: name" contains PATTERN

#include "suite/suite.hpp"

#include <dirent.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <map>

namespace contract {

std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

namespace {

struct Mode {
  const char* name;
  Faults faults;
};
const Mode kModes[] = {
    {"plain", {}},
    {"one-byte reads", {.most_read = 1}},
    {"one-byte writes", {.most_written = 1}},
    {"interrupted", {.interrupted = true}},
    {"would block", {.would_block = true}},
};

constexpr Duration kLimit = 5s;

std::size_t open_descriptors() {
  std::size_t count = 0;
  if (DIR* folder = ::opendir("/proc/self/fd")) {
    while (::readdir(folder)) ++count;
    ::closedir(folder);
  }
  return count;
}

// Nothing, or why the case failed.
std::optional<std::string> run(const Case& one, Wiring& wiring, const Faults& faults) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured, LogLevel::kWarning};
  const std::size_t before = open_descriptors();
  std::optional<std::string> failed = "it did not end";
  std::size_t log_allowed = 0;
  {
    Reactor reactor;
    Bed bed(reactor, wiring, faults);
    Deferred<void> running = succeed();
    reactor.call_when_running([&] {
      running = with_timeout(kLimit, one.body(bed)).then_outcome([&](Outcome<void> outcome) {
        failed = outcome ? std::nullopt : std::optional(outcome.error().message());
        reactor.stop();
      });
    });
    Faults::set(&faults);
    reactor.run();
    Faults::set(nullptr);
    log_allowed = bed.log_allowed();
  }
  if (!failed && captured->count() > log_allowed) failed = "it logged: " + captured->text();
  const std::size_t after = open_descriptors();
  if (!failed && after > before) failed = std::to_string(after - before) + " descriptors were left open";
  return failed;
}

int run_all(std::string_view pattern) {
  std::size_t runs = 0, failures = 0, configurations = 0;
  std::size_t matched = 0;
  for (const auto& one : cases()) {
    if ((std::string(one.group) + ": " + one.name).contains(pattern)) ++matched;
  }
  std::printf("%-10s %-10s %-18s %6s %6s\n", "poller", "transport", "mode", "passed", "failed");
  bool first_transport = true;
  for (const auto& wiring : wirings()) {
    for (const Mode& mode : kModes) {
      std::size_t passed = 0, failed = 0;
      wiring->small_buffers = mode.faults.slow();
      for (const auto& one : cases()) {
        if (!(std::string(one.group) + ": " + one.name).contains(pattern)) continue;
        if (!(one.everywhere ? one.possible(wiring->ability()) : first_transport)) continue;
        if (const auto why = run(one, *wiring, mode.faults)) {
          ++failed;
          std::printf("FAILED  %s: %s [epoll, %s, %s]: %s\n", one.group, one.name.c_str(), wiring->name(), mode.name, why->c_str());
          std::fflush(stdout);
        } else {
          ++passed;
        }
      }
      std::printf("%-10s %-10s %-18s %6zu %6zu\n", "epoll", wiring->name(), mode.name, passed, failed);
      std::fflush(stdout);
      ++configurations;
      runs += passed;
      failures += failed;
    }
    first_transport = false;
  }
  std::printf("contract: %zu cases, %zu configurations, %zu passed, %zu failed\n", matched, configurations, runs, failures);
  return failures == 0 && matched > 0 ? 0 : 1;
}

}  // namespace

}  // namespace contract

int main(int argc, char** argv) {
  using namespace contract;
  if (argc > 2 || (argc == 2 && std::strcmp(argv[1], "--help") == 0)) {
    std::puts("usage: torc-contract [--list] [PATTERN]\n\nRuns the contract's cases whose \"group: name\" contains PATTERN, all "
              "without one,\non every poller and transport in every mode. The exit status is 0 when all pass.");
    return argc > 2 ? 2 : 0;
  }
  if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
    for (const auto& one : cases()) std::printf("%s: %s\n", one.group, one.name.c_str());
    return 0;
  }
  return run_all(argc == 2 ? argv[1] : "");
}
