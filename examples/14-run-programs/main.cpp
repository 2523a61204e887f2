// Other programs from a loop: run to their end, several at once, within a time, and one that is talked to.
//
//   14-run-programs FILE...        counts lines of files with wc, each in a process of its own
#include <torc/async/gather.hpp>
#include <torc/process/child.hpp>
#include <torc/process/run.hpp>
#include <torc/torc.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
namespace process = torc::process;

// Each program has the same limits; none holds up another.
torc::Deferred<void> count_lines(std::vector<std::string> files) {
  std::vector<torc::Deferred<process::Result>> counts;
  for (const auto& file : files) counts.push_back(process::run({"wc", "-l", file}, {.timeout = 30s}));
  for (const auto& count : co_await torc::gather(std::move(counts))) {
    std::fputs(count.status ? count.output.c_str() : count.errors.c_str(), stdout);
  }
}

torc::Deferred<void> sort_words(std::string words) {
  auto sorted = co_await process::run_checked({"sort", "-u"}, {.input = words, .environment = process::environment({{"LC_ALL", "C"}})});
  std::fputs(sorted.output.c_str(), stdout);
}

// A program that answers line by line, for as long as it is wanted.
torc::Deferred<void> talk() {
  auto shell = process::spawn({"sh"}, {.files = {{0, process::to_child()}, {1, process::from_child()}, {2, process::same_as(1)}}});
  for (const std::string question : {"echo $((6 * 7))", "cd /usr && pwd"}) {
    co_await shell.input().write(question + "\n");
    auto answer = co_await shell.output().read_line();
    std::printf("%s: %s\n", question.c_str(), answer.value().c_str());
  }
  shell.input().close();
  const auto status = co_await shell.wait();
  std::printf("the shell %s\n", status.text().c_str());
}

torc::Deferred<void> amain(std::vector<std::string> files) {
  co_await count_lines(std::move(files));
  co_await sort_words("pear\napple\npear\n");
  co_await talk();
  auto late = co_await torc::as_outcome(process::run({"sleep", "60"}, {.timeout = 100ms}));
  std::puts(late.error().message().c_str());
  auto missing = co_await torc::as_outcome(process::run({"/no/such/program"}));
  std::puts(missing.error().message().c_str());
}

int main(int argc, char** argv) { return torc::run(amain, argc, argv); }
