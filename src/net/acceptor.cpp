#include "net/acceptor.hpp"

#include "reactor/completion.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace torc {

namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr Duration kBackOff = std::chrono::milliseconds(50);

UniqueFd spare_descriptor() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

class ReadyAcceptor final : public Acceptor, detail::Watch, detail::Posted {
 public:
  ReadyAcceptor(Reactor& reactor, int fd, std::string address, Owner& owner)
      : Acceptor(reactor, fd, std::move(address), owner) {
    reactor_.watch(fd_, *this);
  }
  ~ReadyAcceptor() override { reactor_.unwatch(fd_, *this); }

  void go_on() noexcept override {
    if (!backing_off() && !static_cast<detail::Posted&>(*this).linked()) reactor_.post(*this);
  }

 private:
  detail::Readiness awaited() const noexcept override { return {.readable = !backing_off()}; }
  void ready(detail::Readiness) noexcept override { run(); }
  void run() noexcept override {
    if (!backing_off()) accept_some();  // else the timer will look
  }

  void accept_some() noexcept {
    for (int accepted = 0; accepted < kAcceptsPerTurn; ++accepted) {
      if (!owner_.has_place()) return;
      UniqueFd connection(::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (connection) {
        if (!owner_.accepted(std::move(connection))) return;
        continue;
      }
      switch (errno) {
        case EAGAIN:
          return;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
          return out_of_resources(errno);
        default:  // the client gave up while it waited, or a network error of its connection
          continue;
      }
    }
    reactor_.post(*this);
  }
};

class CompletionAcceptor final : public Acceptor, detail::AcceptSink {
 public:
  CompletionAcceptor(Reactor& reactor, int fd, std::string address, Owner& owner)
      : Acceptor(reactor, fd, std::move(address), owner) {
    CompletionAcceptor::go_on();
  }

  void go_on() noexcept override {
    if (!accept_.active() && !backing_off()) accept_ = reactor_.completion()->accept(fd_, *this);
  }
  void finish() noexcept override { accept_.finish(); }

 private:
  void accepted(UniqueFd connection) noexcept override { owner_.accepted(std::move(connection)); }
  void accept_ended(int code) noexcept override { out_of_resources(code); }

  detail::Submission accept_;
};

}  // namespace

Acceptor::Acceptor(Reactor& reactor, int fd, std::string address, Owner& owner)
    : reactor_(reactor),
      fd_(fd),
      owner_(owner),
      address_(std::move(address)),
      spare_(spare_descriptor()),
      complaints_(std::chrono::seconds(1)) {}

std::unique_ptr<Acceptor> Acceptor::make(Reactor& reactor, int fd, std::string address, Owner& owner, bool counted) {
  if (!counted && reactor.completion()) return std::make_unique<CompletionAcceptor>(reactor, fd, std::move(address), owner);
  return std::make_unique<ReadyAcceptor>(reactor, fd, std::move(address), owner);
}

void Acceptor::descriptor_free() noexcept {
  if (!armed()) return;
  disarm();
  go_on();
}

// The spare descriptor lets one waiting client be told; the others wait in the kernel until we look
// again. Edge-triggered or not, nothing spins: only the timer continues.
void Acceptor::out_of_resources(int code) noexcept {
  spare_.reset();
  { const UniqueFd refused(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC)); }
  spare_ = spare_descriptor();
  reactor_.arm(*this, reactor_.now() + kBackOff);
  try {
    complaints_.write(LogLevel::kWarning, "net",
                      "cannot accept on " + address_ + ": " + std::generic_category().message(code) +
                          " (raise the limit of open files, or limit connections)",
                      reactor_.now().time_since_epoch());
  } catch (...) {
  }
}

}  // namespace torc
