// torc-contract: runs the contract's cases on every poller and transport, in every mode, and prints the matrix.
//
//   torc-contract [--list] [--slow] [--poller NAME] [PATTERN]      only cases whose "group: name" contains PATTERN

#include "suite/suite.hpp"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>

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

// What the loop waits with.
struct PollerKind {
  const char* name;
  Backend backend;
  bool tells_again;  // what is ready already: modes that cut calls short, or put them off, need it
  bool levels;       // ... without being asked
};
const PollerKind kPollers[] = {
    {"epoll", Backend::kEpoll, true, false},
    {"poll", Backend::kPoll, true, true},
    {"io_uring", Backend::kUring, false, false},
};

constexpr Duration kLimit = 20s;
constexpr auto kSlow = 100ms;  // what --slow names

std::chrono::milliseconds milliseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  if (DIR* folder = ::opendir("/proc/self/fd")) {
    while (::readdir(folder)) ++count;
    ::closedir(folder);
  }
  return count;
}

// Those of a case are gone with its reactor, or a thread takes their status in a moment.
bool children_left() {
  siginfo_t info;
  for (int i = 0; i < 1000; ++i) {
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return false;
    ::usleep(1000);
  }
  return true;
}

// Nothing, or why the case failed.
std::optional<std::string> run(const Case& one, const PollerKind& poller, Wiring& wiring, Faults faults) {
  faults.levels = poller.levels;
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured, LogLevel::kWarning};
  const std::size_t before = open_descriptors();
  std::optional<std::string> failed = "it did not end";
  std::size_t log_allowed = 0;
  {
    // A slow loop is not to be told from a busy machine here.
    Reactor reactor{{.backend = poller.backend, .stall_limit = 10s}};
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
  if (children_left()) {
    if (!failed) failed = "a process was left over";
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {  // for the next case
    }
  }
  const std::size_t after = open_descriptors();
  if (!failed && after > before) failed = std::to_string(after - before) + " descriptors were left open";
  return failed;
}

bool worth_running(Modes modes, const Faults& faults) {
  const bool plain = !faults.slow() && !faults.interrupted && !faults.would_block;
  return modes == Modes::kAll || plain || (modes == Modes::kThatCut && faults.slow());
}
// Runs the cases of one configuration that match; the counts go to `total` and into the matrix.
struct Totals {
  std::size_t configurations = 0, passed = 0, failed = 0;
};
void run_configuration(const PollerKind& poller, Wiring& wiring, const Mode& mode, bool first, std::string_view pattern,
                       bool tell_slow, Totals& total) {
  std::size_t passed = 0, failed = 0;
  const auto begin = std::chrono::steady_clock::now();
  wiring.small_buffers = mode.faults.slow();
  for (const auto& one : cases()) {
    if (!one.full_name().contains(pattern)) continue;
    if (!(one.everywhere ? one.possible(wiring.ability()) : first) || !worth_running(one.modes, mode.faults)) continue;
    const auto started = std::chrono::steady_clock::now();
    const auto why = run(one, poller, wiring, mode.faults);
    const auto took = milliseconds_since(started);
    if (tell_slow && took >= kSlow) {
      std::printf("%5ld ms  %s\n", static_cast<long>(took.count()), one.full_name().c_str());
    }
    ++(why ? failed : passed);
    if (why) {
      std::printf("FAILED  %s [%s, %s, %s]: %s\n", one.full_name().c_str(), poller.name, wiring.name(), mode.name,
                  why->c_str());
      std::fflush(stdout);
    }
  }
  if (passed + failed == 0) return;
  std::printf("%-10s %-10s %-18s %6zu %6zu %8.1f\n", poller.name, wiring.name(), mode.name, passed, failed,
              static_cast<double>(milliseconds_since(begin).count()) / 1000);
  std::fflush(stdout);
  ++total.configurations;
  total.passed += passed;
  total.failed += failed;
}

int run_all(std::string_view pattern, std::string_view only_poller, bool tell_slow) {
  const auto matched = std::ranges::count_if(cases(), [&](const Case& one) { return one.full_name().contains(pattern); });
  std::printf("%-10s %-10s %-18s %6s %6s %8s\n", "poller", "transport", "mode", "passed", "failed", "seconds");
  Totals total;
  for (const auto& poller : kPollers) {
    if (!only_poller.empty() && only_poller != poller.name) continue;
    if (Reactor({.backend = poller.backend}).backend() != poller.backend) {
      std::printf("%-10s is not to be had here\n", poller.name);
      continue;
    }
    bool first = true;
    for (const auto& wiring : wirings()) {
      for (const Mode& mode : kModes) {
        const bool possible = poller.tells_again || !(mode.faults.slow() || mode.faults.would_block);
        if (possible && (wiring->every_mode() || &mode == kModes)) run_configuration(poller, *wiring, mode, first, pattern, tell_slow, total);
      }
      first = false;
    }
  }
  std::printf("contract: %zu cases, %zu configurations, %zu passed, %zu failed\n", static_cast<std::size_t>(matched),
              total.configurations, total.passed, total.failed);
  return total.failed == 0 && matched > 0 ? 0 : 1;
}

}  // namespace

}  // namespace contract

int main(int argc, char** argv) {
  using namespace contract;
  std::string_view pattern, poller;
  bool tell_slow = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--list") {
      for (const auto& one : cases()) std::puts(one.full_name().c_str());
      return 0;
    }
    if (argument == "--slow") {
      tell_slow = true;
    } else if (argument == "--poller" && i + 1 < argc) {
      poller = argv[++i];
    } else if (!argument.starts_with("--") && pattern.empty()) {
      pattern = argument;
    } else {
      std::puts("usage: torc-contract [--list] [--slow] [--poller epoll|poll|io_uring] [PATTERN]\n\nRuns the contract's "
                "cases whose \"group: name\" contains PATTERN, all without one,\non every poller, or the one that is "
                "named, and every transport in every mode.\n--slow names what takes its time. The exit status is 0 when "
                "all pass.");
      return argument == "--help" ? 0 : 2;
    }
  }
  return run_all(pattern, poller, tell_slow);
}
