#include "torc/endpoint/successor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/decimal.hpp"
#include "endpoint/inherited.hpp"
#include "torc/async/coroutine.hpp"
#include "torc/async/timing.hpp"
#include "torc/net/descriptor_stream.hpp"

namespace torc {
namespace {

constexpr int kFirst = 3;  // of the descriptors that are passed: sockets, then the pipe to tell us by
constexpr const char* kReadyVariable = "TORC_READY_FD";
constexpr char kReady = 'R';

std::string reason(int code) { return std::generic_category().message(code); }

std::vector<std::string> own_command() {
  std::ostringstream text;
  text << std::ifstream("/proc/self/cmdline", std::ios::binary).rdbuf();
  std::vector<std::string> words;
  std::istringstream all(text.str());
  for (std::string word; std::getline(all, word, '\0');) words.push_back(word);
  return words;
}

// What is handed to exec: made before fork, since after it nothing may be allocated.
class Start {
 public:
  Start(std::vector<std::string> command, const std::vector<NamedPort>& ports, UniqueFd ready)
      : command_(std::move(command)) {
    std::string names;
    for (const auto& [name, port] : ports) {
      if (name.empty() || name.contains(':')) throw NoSuccessor(fmt::format("\"{}\" cannot name a socket", name));
      passed_.push_back(port->share());
      if (!passed_.back()) throw NoSuccessor(fmt::format("the port \"{}\" does not listen", name));
      names += (names.empty() ? "" : ":") + name;
    }
    passed_.push_back(std::move(ready));
    for (auto& each : passed_) {  // out of the way of where they are to be
      each = UniqueFd(::fcntl(each.get(), F_DUPFD_CLOEXEC, kFirst + static_cast<int>(passed_.size())));
      if (!each) throw NoSuccessor("cannot start a successor: " + reason(errno));
    }
    set_environment(names);
    for (auto& word : command_) arguments_.push_back(word.data());
    arguments_.push_back(nullptr);
  }

  /// In the child. Gives why there is no program; otherwise does not return.
  int run() noexcept {
    const auto count = static_cast<int>(passed_.size());
    for (int i = 0; i < count; ++i) {
      if (::dup2(passed_[static_cast<std::size_t>(i)].get(), kFirst + i) < 0) return errno;
    }
    ::close_range(static_cast<unsigned>(kFirst + count), ~0U, CLOSE_RANGE_CLOEXEC);
    *std::to_chars(pid_, pid_ + kPidDigits, ::getpid()).ptr = '\0';
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvpe(arguments_[0], arguments_.data(), environment_.data());
    return errno;
  }

  int ready_fd() const noexcept { return passed_.back().get(); }

 private:
  static constexpr std::size_t kPidDigits = 11;

  void set_environment(const std::string& names) {
    for (char** each = environ; *each; ++each) {
      const std::string_view variable = *each;
      if (!variable.starts_with("LISTEN_") && !variable.starts_with(kReadyVariable)) variables_.emplace_back(variable);
    }
    const auto sockets = passed_.size() - 1;
    variables_.push_back(fmt::format("LISTEN_FDS={}", sockets));
    variables_.push_back("LISTEN_FDNAMES=" + names);
    variables_.push_back(fmt::format("{}={}", kReadyVariable, kFirst + static_cast<int>(sockets)));
    variables_.push_back("LISTEN_PID=" + std::string(kPidDigits + 1, '\0'));
    for (auto& each : variables_) environment_.push_back(each.data());
    environment_.push_back(nullptr);
    pid_ = variables_.back().data() + std::strlen("LISTEN_PID=");
  }

  std::vector<std::string> command_, variables_;
  std::vector<char*> arguments_, environment_;
  std::vector<UniqueFd> passed_;
  char* pid_ = nullptr;  // where the child writes its own number
};

// A process that is killed unless it is let go.
class Candidate {
 public:
  explicit Candidate(pid_t pid) noexcept : pid_(pid) {}
  ~Candidate() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;
  pid_t let_go() noexcept { return std::exchange(pid_, 0); }

 private:
  pid_t pid_;
};

}  // namespace

Deferred<pid_t> start_successor(std::vector<NamedPort> ports, SuccessorOptions options) {
  if (options.command.empty()) options.command = own_command();
  const std::string program = options.command.front();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw NoSuccessor("cannot start a successor: " + reason(errno));
  Stream said = adopt_pipes(UniqueFd(ends[0]), UniqueFd());
  pid_t pid;
  {
    Start start(std::move(options.command), ports, UniqueFd(ends[1]));
    pid = ::fork();
    if (pid == 0) {
      const int code = start.run();
      static_cast<void>(::write(start.ready_fd(), &code, sizeof code) == sizeof code);
      ::_exit(127);
    }
    if (pid < 0) throw NoSuccessor("cannot start a successor: " + reason(errno));
  }
  Candidate candidate(pid);
  auto word = co_await as_outcome(with_timeout(options.time_limit, said.read_some()));
  if (!word) {
    if (!word.error().check<TimeoutError>()) co_return std::move(word).error();
    throw NoSuccessor(fmt::format("the successor {} (process {}) did not say in time that it serves", program, pid));
  }
  int code = 0;
  if (*word && (*word)->size() == sizeof code) {
    std::memcpy(&code, (*word)->data(), sizeof code);
    throw NoSuccessor(fmt::format("cannot start the successor {}: {}", program, reason(code)));
  }
  if (!*word || (*word)->view().front() != kReady) {
    throw NoSuccessor(fmt::format("the successor {} (process {}) ended before it served", program, pid));
  }
  for (auto& each : ports) each.port->hand_over();
  co_return candidate.let_go();
}

bool was_given_sockets() noexcept {
  const char* pid = std::getenv("LISTEN_PID");
  char own[16] = {};
  std::to_chars(own, own + sizeof own, ::getpid());
  return pid && std::strcmp(pid, own) == 0;
}

void tell_predecessor() noexcept {
  const char* variable = std::getenv(kReadyVariable);
  if (!variable || !was_given_sockets()) return;
  const auto number = detail::parse_decimal(variable, 1'048'575);
  if (!number) return;
  try {
    const UniqueFd ready = detail::take_descriptor(static_cast<int>(*number));
    static_cast<void>(::write(ready.get(), &kReady, 1) == 1);
  } catch (const Error&) {  // it does not wait any more
  }
}

}  // namespace torc
