#include "cli/fetch.hpp"

#include "base/escape.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "cli/seconds.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/timing.hpp>
#include <torc/http/client.hpp>
#include <torc/http/status.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/reactor/thread_pool.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::cli {

namespace {

// What a client lets run to one host at once; more would only wait, with their time running.
constexpr std::size_t kAtOnce = http::ClientOptions().active_per_host;
// More start a moment apart: the queue of a small server overflows otherwise, and the kernel tries again
// only after seconds. (Python's http.server lets five wait.)
constexpr std::size_t kTogether = 4;
constexpr auto kApart = std::chrono::milliseconds(5);

constexpr const char* kFooter = R"(
Examples:
  torc fetch http://localhost:8080/
      writes the page to standard output
  torc fetch --output downloads http://a.example/big.iso http://b.example/data.csv
      both at once, to downloads/big.iso and downloads/data.csv, with a bar each when standard error is a terminal

A file has its name only when it is complete. Its name is the last part of the URL's path; a second one of that name gets
.1 behind it. Redirects are followed. A status of 400 and above is a failure.
Exit status: 0 when all was fetched, 1 when something was not, 2 when it was not asked properly.)";

// A URL as a label: what all have in common left out.
std::string label(std::string_view url) {
  if (url.starts_with("http://")) url.remove_prefix(7);
  return detail::escaped(url);
}

// "URL: reason", the URL once, and a password in it never.
std::string complaint(const std::string& url, std::string_view message) {
  for (const std::string& named : {"fetching " + url + ": ", "URL " + detail::in_quotes(url) + ": "}) {
    if (message.starts_with(named)) return detail::escaped(url + ": " + std::string(message.substr(named.size())));
  }
  if (message.starts_with("URL ")) return detail::escaped(message);
  return detail::escaped(url + ": " + std::string(message));
}

class Fetch final : public Command {
 public:
  CLI::App& declare(CLI::App& app) override;
  Deferred<int> run() override;

 private:
  // What the downloads share. Its order is that of dependence.
  struct Work {
    Work(const Fetch& options, std::vector<Progress::Line> lines)
        : progress(STDERR_FILENO, options.shows_progress(), std::move(lines)),
          disk({.name = "torc-output", .wait_for_running = !options.output_.empty()}) {}
    std::optional<OutputDirectory> directory;
    Progress progress;
    ThreadPool disk;  // a reader of standard output that has stopped must not hold up the end
    std::size_t next = 0;
    std::size_t failed = 0;
  };

  bool shows_progress() const noexcept;
  Deferred<void> fetch_all(Work& work) const;
  Deferred<void> fetch_in_turn(Work& work) const;
  Deferred<void> download(Work& work, std::size_t index) const;
  static Deferred<void> draw(Progress& progress);

  std::vector<std::string> urls_;
  std::string output_;
  double timeout_ = Seconds(http::RequestOptions().timeout).count();
  bool quiet_ = false;
};

CLI::App& Fetch::declare(CLI::App& app) {
  CLI::App& fetch = *app.add_subcommand("fetch", "Get what URLs name, all at once");
  fetch.add_option("URL", urls_, "What to fetch: http://HOST[:PORT]/PATH")->type_name("");
  fetch.add_option("--output", output_, "Write a file for each URL into this directory, which is created if need be")
      ->type_name("DIR");
  fetch
      .add_option("--timeout", timeout_,
                  "Give up on a URL that has not answered, or has sent nothing more, for this long (default: " +
                      std::to_string(static_cast<int>(timeout_)) + ")")
      ->check(is_seconds)
      ->type_name("SECONDS");
  fetch.add_flag("--quiet", quiet_, "No progress bars");
  fetch.footer(kFooter);
  return fetch;
}

Deferred<int> Fetch::run() {
  if (urls_.empty()) throw UsageError("nothing to fetch: name a URL");
  if (urls_.size() > 1 && output_.empty()) {
    throw UsageError("several URLs cannot share standard output: name a directory for them with --output DIR");
  }
  std::vector<Progress::Line> lines;
  lines.reserve(urls_.size());
  for (const auto& url : urls_) lines.push_back({.name = label(url)});
  Work work(*this, std::move(lines));
  if (!output_.empty()) work.directory.emplace(output_);

  auto drawing = draw(work.progress);
  auto ended = co_await as_outcome(fetch_all(work));
  work.progress.draw(Reactor::required("torc fetch").now());
  if (!ended && !ended.error().check<Cancelled>()) co_return std::move(ended).error();
  if (!ended) work.progress.say("torc fetch: interrupted");
  const bool all = ended && work.failed == 0;
  co_return all ? 0 : 1;
}

// Not on the terminal that shows the content.
bool Fetch::shows_progress() const noexcept { return !quiet_ && (!output_.empty() || ::isatty(STDOUT_FILENO) == 0); }

Deferred<void> Fetch::fetch_all(Work& work) const {
  TaskGroup turns;
  for (std::size_t started = 0; started < kAtOnce && work.next < urls_.size(); ++started) {
    if (started >= kTogether) co_await sleep(kApart);
    turns.spawn(fetch_in_turn(work));
  }
  co_await turns.join();
}

// Takes one URL after the other until none is left.
Deferred<void> Fetch::fetch_in_turn(Work& work) const {
  while (work.next < urls_.size()) {
    const std::size_t index = work.next++;
    auto ended = co_await as_outcome(download(work, index));
    work.progress.line(index).state = ended ? Progress::State::kDone : Progress::State::kFailed;
    if (ended) continue;
    if (ended.error().check<Cancelled>()) ended.value();
    ++work.failed;
    work.progress.say("torc fetch: " + complaint(urls_[index], ended.error().message()));
  }
}

Deferred<void> Fetch::download(Work& work, std::size_t index) const {
  auto& line = work.progress.line(index);
  // Two URLs of one name get theirs in the order they were given, not in that of the answers.
  const std::string name = work.directory ? work.directory->name_for(urls_[index]) : std::string();
  line.state = Progress::State::kRunning;
  const auto limit = duration_of(timeout_);
  auto response = co_await http::get(urls_[index], {.timeout = limit, .stall_timeout = limit});
  if (response.status() >= 400) {
    throw Error("HTTP " + std::to_string(response.status()) + " " + std::string(http::reason(response.status())));
  }
  line.total = response.body().length();
  // A job that runs when its download is cut off goes on for a moment: it owns the output too.
  std::shared_ptr<Output> output =
      work.directory ? work.directory->create(name, Reactor::required("torc fetch").random()) : standard_output();
  while (auto piece = co_await response.body().read_some()) {
    const auto size = piece->size();
    co_await work.disk.defer([output, bytes = *std::move(piece)] { output->write(bytes); });
    line.received += size;
  }
  co_await work.disk.defer([output] { output->finish(); });
}

Deferred<void> Fetch::draw(Progress& progress) {
  const auto& clock = Reactor::required("torc fetch");
  while (progress.visible()) {
    progress.draw(clock.now());
    co_await sleep(std::chrono::milliseconds(100));
  }
}

}  // namespace

std::unique_ptr<Command> make_fetch() { return std::make_unique<Fetch>(); }

}  // namespace torc::cli
