#include <torc/reactor/background_reactor.hpp>

#include "reactor/quiet_thread.hpp"

#include <torc/base/errors.hpp>

#include <exception>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>

namespace torc {

struct BackgroundReactor::Thread {
  // The reactor is made, run and destroyed here, so that all it holds lives and dies on this thread. One
  // that stopped early is kept, so that reactor() stays good and results can be looked at.
  void serve(ReactorOptions options) noexcept {
    std::optional<Reactor> made;
    try {
      reactor = &made.emplace(options);
    } catch (...) {
      failed = std::current_exception();
    }
    there.release();
    if (!reactor) return;
    reactor->run();
    leave.acquire();
  }

  Reactor* reactor = nullptr;
  std::exception_ptr failed;
  std::binary_semaphore there{0};
  std::binary_semaphore leave{0};
  std::thread thread;
};

BackgroundReactor::BackgroundReactor(BackgroundReactorOptions options)
    : thread_(std::make_unique<Thread>()), stash_(std::make_shared<detail::Stash>()) {
  thread_->thread = detail::start_quiet_thread(
      options.name, [thread = thread_.get(), options = options.reactor] { thread->serve(options); });
  thread_->there.acquire();
  if (!thread_->reactor) {
    thread_->thread.join();
    std::rethrow_exception(std::exchange(thread_->failed, nullptr));
  }
}

BackgroundReactor::~BackgroundReactor() {
  if (thread_->thread.get_id() == std::this_thread::get_id()) {
    detail::misuse("a BackgroundReactor was destroyed on its own thread (by a function it called, or by exit() in one): "
                   "it would wait for itself");
  }
  stop();
  thread_->leave.release();
  thread_->thread.join();
  stash_->close();
}

Reactor& BackgroundReactor::reactor() noexcept { return *thread_->reactor; }

void BackgroundReactor::stop() noexcept {
  reactor().call_from_thread([&reactor = reactor()] { reactor.stop(); });
}

}  // namespace torc
