#include <torc/process/child.hpp>

#include "net/fd_transport.hpp"
#include "process/running.hpp"

#include <algorithm>
#include <utility>

namespace torc::process {

struct Child::State {
  struct Pipe {
    int fd;
    Stream stream;
  };
  std::unique_ptr<detail::Running> running;
  ChildFiles files;
  Duration kill_after;
  std::vector<Pipe> pipes;
};

Child::Child(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Child::Child(Child&&) noexcept = default;

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    std::destroy_at(this);
    std::construct_at(this, std::move(other));
  }
  return *this;
}

Child::~Child() {
  if (!state_) return;
  const Duration grace = state_->kill_after;
  auto running = std::move(state_->running);
  state_.reset();  // the pipes
  detail::end_in_background(std::move(running), grace);
}

pid_t Child::pid() const noexcept { return state_->running->pid(); }
bool Child::running() const noexcept { return !state_->running->status(); }

Stream& Child::stream(int fd) {
  const auto pipe = std::ranges::find(state_->pipes, detail::end_of(state_->files, fd), &State::Pipe::fd);
  if (pipe == state_->pipes.end()) {
    torc::detail::misuse("the child's descriptor " + std::to_string(fd) +
                         " has no stream: SpawnOptions::files gave it neither a pipe nor the terminal");
  }
  return pipe->stream;
}

Deferred<Status> Child::wait() { return state_->running->wait(); }
bool Child::signal(int number) noexcept { return state_->running->signal(number); }
Deferred<Status> Child::stop(Duration grace) { return detail::stop(*state_->running, grace); }

void Child::detach() && noexcept {
  auto state = std::move(state_);
  state->pipes.clear();
  state->running.release()->run_alone();
}

Child spawn(Command command, SpawnOptions options) {
  Reactor& reactor = Reactor::required("process::spawn");
  auto launched = detail::launch(command, options);
  auto state = std::make_unique<Child::State>(Child::State{std::make_unique<detail::Running>(launched),
                                                           std::move(options.files), options.kill_after, {}});
  try {
    state->running->watch(reactor);
    for (auto& end : launched.ends) {
      state->pipes.push_back({end.fd, FdTransport::stream(reactor, std::move(end).stream())});
    }
  } catch (const SystemError& error) {
    throw CannotRun("cannot run " + detail::name_of(command) + ": " + error.what(), error.code());
  }
  return Child(std::move(state));
}

}  // namespace torc::process
