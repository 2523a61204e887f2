#include <torc/process/process_protocol.hpp>

#include "net/fd_transport.hpp"
#include "process/running.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

namespace torc::process {

void ProcessProtocol::child_data_received(int fd, std::string_view data) {
  if (fd == 1) out_received(data);
  if (fd == 2) err_received(data);
}

void ProcessProtocol::child_connection_lost(int fd) {
  if (fd == 0) in_connection_lost();
  if (fd == 1) out_connection_lost();
  if (fd == 2) err_connection_lost();
}

// One program. Deletes itself when it is over, or its Process is gone, and no call into its protocol is on the stack.
class Process::Run final : public ProcessTransport, public torc::detail::Resident {
 public:
  Run(std::unique_ptr<ProcessProtocol> protocol, detail::Launched& launched, SpawnOptions& options)
      : protocol_(std::move(protocol)),
        process_(std::make_unique<detail::Running>(launched)),
        files_(std::move(options.files)),
        grace_(options.kill_after) {}
  ~Run();

  void start(Reactor& reactor, std::vector<detail::End> ends);
  void hold(Process* holder) noexcept { holder_ = holder; }
  Deferred<Status> ended() {
    auto [ended, promise] = make_deferred<Status>();
    ended_ = std::make_unique<Promise<Status>>(std::move(promise));
    return std::move(ended);
  }
  void drop() noexcept;
  void let_run() noexcept;

  pid_t pid() const noexcept override { return process_->pid(); }
  void write_to_child(int fd, std::string_view data) noexcept override;
  std::uint64_t unsent(int fd) const noexcept override;
  void close_child_fd(int fd) noexcept override;
  void lose_connection() noexcept override;
  void set_terminal_size(TerminalSize size) override;
  bool signal(int number) noexcept override { return process_->signal(number); }
  void pause_reading() noexcept override;
  void resume_reading() noexcept override;

 private:
  friend class Pipe;
  class Busy;
  void reactor_stopping() noexcept override {}  // exited() tells
  void reactor_gone() noexcept override {
    if (!holder_) drop();
  }
  Pipe* pipe(int fd) const noexcept;
  template <class F>
  void tell(F&& f) noexcept;
  void pipe_lost(Pipe& pipe) noexcept;
  void exited(Outcome<Status> status) noexcept;
  void finish_if_over() noexcept;

  std::unique_ptr<ProcessProtocol> protocol_;
  std::unique_ptr<detail::Running> process_;
  ChildFiles files_;
  Duration grace_;
  Process* holder_ = nullptr;
  std::vector<Pipe*> pipes_;  // that are open; they belong to their transports
  Deferred<void> exit_ = succeed();
  std::unique_ptr<Promise<Status>> ended_;
  int busy_ = 0;
  bool told_exit_ = false;
  bool over_ = false;
};

class Process::Pipe final : public Protocol {
 public:
  Pipe(Run& run, const detail::End& end) noexcept
      : run_(&run), fd_(end.fd), reads_(end.kind != ChildFile::Kind::kToChild) {}

  ~Pipe() override;

  int fd() const noexcept { return fd_; }
  /// Its run hears nothing more.
  void drop() noexcept {
    run_ = nullptr;
    transport().abort();
  }

  void data_received(std::string_view data) override;
  void end_received() override {
    if (reads_) transport().close();
  }
  void connection_lost(const Failure&) override {
    if (run_) std::exchange(run_, nullptr)->pipe_lost(*this);
  }
  void pause_writing() override;
  void resume_writing() override;

 private:
  Run* run_;
  int fd_;
  bool reads_;
};

class Process::Run::Busy {
 public:
  explicit Busy(Run& run) noexcept : run_(run) { ++run_.busy_; }
  ~Busy() {
    if (--run_.busy_ == 0 && run_.over_) delete &run_;
  }

 private:
  Run& run_;
};

// Of its own accord only when the reactor goes, and its transport with it.
Process::Pipe::~Pipe() {
  if (run_) std::erase(run_->pipes_, this);
}

void Process::Pipe::data_received(std::string_view data) {
  if (!run_) return;
  const Run::Busy busy(*run_);
  run_->protocol_->child_data_received(fd_, data);
}
void Process::Pipe::pause_writing() {
  if (!run_) return;
  const Run::Busy busy(*run_);
  run_->protocol_->pause_writing(fd_);
}
void Process::Pipe::resume_writing() {
  if (!run_) return;
  const Run::Busy busy(*run_);
  run_->protocol_->resume_writing(fd_);
}

Process::Run::~Run() {
  exit_ = succeed();
  for (Pipe* pipe : pipes_) pipe->drop();
  detail::end_in_background(std::move(process_), grace_);
}

void Process::Run::start(Reactor& reactor, std::vector<detail::End> ends) {
  process_->watch(reactor);
  for (auto& end : ends) {
    auto pipe = std::make_unique<Pipe>(*this, end);
    auto* transport = new FdTransport(reactor, std::move(end).stream());
    reactor.house(*transport);
    pipes_.push_back(pipe.get());
    transport->start(std::move(pipe));
  }
  reactor.house(*this);  // behind all that it is made of
  protocol_->transport_ = this;
  exit_ = process_->wait().then_outcome([this](Outcome<Status> status) { exited(std::move(status)); });
  const Busy busy(*this);
  tell([&] { protocol_->connection_made(); });
}

void Process::Run::drop() noexcept {
  const Busy busy(*this);
  hold(nullptr);
  ended_.reset();
  over_ = true;
  for (Pipe* pipe : std::exchange(pipes_, {})) pipe->drop();
}

void Process::Run::let_run() noexcept {
  const Busy busy(*this);
  hold(nullptr);
  ended_.reset();
}

// A protocol that throws has not understood the end of something: nothing else depends on it.
template <class F>
void Process::Run::tell(F&& f) noexcept {
  try {
    f();
  } catch (...) {
    torc::detail::report_unhandled(Failure::current(), "in a process protocol");
  }
}

Process::Pipe* Process::Run::pipe(int fd) const noexcept {
  const auto found = std::ranges::find(pipes_, detail::end_of(files_, fd), &Pipe::fd);
  return found == pipes_.end() ? nullptr : *found;
}

void Process::Run::write_to_child(int fd, std::string_view data) noexcept {
  if (Pipe* to = pipe(fd)) to->transport().write(data);
}
std::uint64_t Process::Run::unsent(int fd) const noexcept {
  const Pipe* to = pipe(fd);
  return to ? to->transport().unsent() : 0;
}
void Process::Run::close_child_fd(int fd) noexcept {
  if (Pipe* closing = pipe(fd)) closing->transport().close();
}
void Process::Run::lose_connection() noexcept {
  for (Pipe* each : pipes_) each->transport().close();
}
void Process::Run::pause_reading() noexcept {
  for (Pipe* each : pipes_) each->transport().pause_reading();
}
void Process::Run::resume_reading() noexcept {
  for (Pipe* each : pipes_) each->transport().resume_reading();
}

void Process::Run::set_terminal_size(TerminalSize size) {
  const auto file =
      std::ranges::find_if(files_, [](const auto& entry) { return entry.second.kind == ChildFile::Kind::kTerminal; });
  Pipe* terminal = file == files_.end() ? nullptr : pipe(file->first);
  if (!terminal) throw SystemError("setting the size of the terminal of process " + std::to_string(pid()), ENOTTY);
  torc::set_terminal_size(terminal->transport(), size);
}

void Process::Run::pipe_lost(Pipe& pipe) noexcept {
  const Busy busy(*this);
  std::erase(pipes_, &pipe);
  tell([&] { protocol_->child_connection_lost(pipe.fd()); });
  finish_if_over();
}

void Process::Run::exited(Outcome<Status> status) noexcept {
  const Busy busy(*this);
  if (!status) {
    // The reactor stops. A Process that nobody holds ends with it.
    if (ended_) std::exchange(ended_, nullptr)->set_error(std::move(status).error());
    over_ |= !holder_;
    return;
  }
  told_exit_ = true;
  tell([&] { protocol_->process_exited(*status); });
  finish_if_over();
}

void Process::Run::finish_if_over() noexcept {
  if (over_ || !told_exit_ || !pipes_.empty()) return;
  over_ = true;
  tell([&] { protocol_->process_ended(*process_->status()); });
  if (holder_) std::exchange(holder_, nullptr)->run_ = nullptr;
  if (ended_) std::exchange(ended_, nullptr)->set_value(*process_->status());
}

Process::Process(Run* run) noexcept : run_(run), ended_(run->ended()) { run->hold(this); }

Process::Process(Process&& other) noexcept
    : run_(std::exchange(other.run_, nullptr)), ended_(std::move(other.ended_)) {
  if (run_) run_->hold(this);
}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    std::destroy_at(this);
    std::construct_at(this, std::move(other));
  }
  return *this;
}

Process::~Process() {
  { const auto unasked = std::move(ended_); }
  if (run_) run_->drop();
}

Deferred<Status> Process::ended() { return std::move(ended_); }
bool Process::signal(int number) noexcept { return run_ && run_->signal(number); }
void Process::detach() && noexcept {
  { const auto unasked = std::move(ended_); }
  if (run_) std::exchange(run_, nullptr)->let_run();
}

Process spawn_process(std::unique_ptr<ProcessProtocol> protocol, Command command, SpawnOptions options) {
  Reactor& reactor = Reactor::required("process::spawn_process");
  auto launched = detail::launch(command, options);
  auto* run = new Process::Run(std::move(protocol), launched, options);
  Process process(run);
  try {
    run->start(reactor, std::move(launched.ends));
  } catch (const SystemError& error) {
    throw CannotRun("cannot run " + detail::name_of(command) + ": " + error.what(), error.code());
  }
  return process;
}

}  // namespace torc::process
