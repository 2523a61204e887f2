#include <torc/reactor/signals.hpp>

#include <torc/base/errors.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/reactor/reactor.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <utility>
#include <vector>

namespace torc {

// One interest: an eventfd that the handler may write to and the reactor watches.
struct SignalWatch::State final : detail::Watch {
  State(Reactor& reactor, int signal, std::move_only_function<void()> f)
      : reactor(reactor),
        signal(signal),
        function(std::make_shared<std::move_only_function<void()>>(std::move(f))),
        arrived(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!arrived) throw SystemError("creating an eventfd", errno);
    reactor.watch(arrived.get(), *this);
  }
  ~State() { reactor.unwatch(arrived.get(), *this); }

  detail::Readiness awaited() const noexcept override { return {.readable = true}; }
  void ready(detail::Readiness) noexcept override {
    std::uint64_t count;
    if (::read(arrived.get(), &count, sizeof count) != sizeof count) return;
    const auto call = function;  // it may destroy the watch
    try {
      (*call)();
    } catch (...) {
      detail::report_unhandled(Failure::current(), "in a signal callback");
    }
  }

  Reactor& reactor;
  int signal;
  std::shared_ptr<std::move_only_function<void()>> function;
  UniqueFd arrived;
};

namespace {

// The handler reads this table and nothing else: a fixed number of places, each a descriptor or -1.
constexpr std::size_t kPlaces = 32;
struct Place {
  std::atomic<int> signal{0};
  std::atomic<int> fd{-1};
};
constinit std::array<Place, kPlaces> places;

void on_signal(int signal) {
  const int saved = errno;
  for (const auto& place : places) {
    if (place.signal.load(std::memory_order_acquire) != signal) continue;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(place.fd.load(std::memory_order_acquire), &one, sizeof one);
  }
  errno = saved;
}

// Owner of the process's handlers for the signals that are watched.
class SignalHub {
 public:
  static SignalHub& instance() {
    static SignalHub hub;
    return hub;
  }

  void add(int signal, int fd) {
    const std::lock_guard lock(mutex_);
    const auto free = std::ranges::find_if(places, [](const Place& place) { return place.signal.load() == 0; });
    if (free == places.end()) throw Error("too many signal watches (at most " + std::to_string(kPlaces) + ")");
    if (watchers(signal) == 0) install(signal);
    free->fd.store(fd, std::memory_order_release);
    free->signal.store(signal, std::memory_order_release);
  }

  void remove(int signal, int fd) noexcept {
    const std::lock_guard lock(mutex_);
    for (auto& place : places) {
      if (place.signal.load() != signal || place.fd.load() != fd) continue;
      place.signal.store(0, std::memory_order_release);
      place.fd.store(-1, std::memory_order_release);
    }
    if (watchers(signal) != 0) return;
    const auto saved = std::ranges::find(saved_, signal, &std::pair<int, struct sigaction>::first);
    if (saved == saved_.end()) return;
    ::sigaction(signal, &saved->second, nullptr);
    saved_.erase(saved);
  }

 private:
  static std::ptrdiff_t watchers(int signal) noexcept {
    return std::ranges::count_if(places, [signal](const Place& place) { return place.signal.load() == signal; });
  }
  void install(int signal) {
    struct sigaction action = {}, before = {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    ::sigfillset(&action.sa_mask);
    if (::sigaction(signal, &action, &before) != 0) {
      throw SystemError("installing a handler for signal " + std::to_string(signal), errno);
    }
    saved_.emplace_back(signal, before);
  }

  std::mutex mutex_;
  std::vector<std::pair<int, struct sigaction>> saved_;
};

}  // namespace

SignalWatch::SignalWatch(Reactor& reactor, int signal, std::move_only_function<void()> f)
    : state_(std::make_unique<State>(reactor, signal, std::move(f))) {
  SignalHub::instance().add(signal, state_->arrived.get());
}

SignalWatch::SignalWatch(SignalWatch&&) noexcept = default;

SignalWatch& SignalWatch::operator=(SignalWatch&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

SignalWatch::~SignalWatch() {
  if (state_) SignalHub::instance().remove(state_->signal, state_->arrived.get());
}

}  // namespace torc
