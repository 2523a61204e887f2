// Boost.Asio and torc in one thread: an io_context runs the reactor, with no thread and no polling timer.
//
//   torc::host::Asio host{reactor, io_context};
//
// With torc/host/use_deferred.hpp, Asio's operations give Deferreds. Optional: link torc::host_asio, which
// needs Boost 1.81. One thread: the one that runs the io_context, which is the reactor's; an io_context
// that several threads run cannot host. No header of Boost is included here.
#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace torc {

class Reactor;

namespace host {

/// Runs `reactor` inside `context`, as long as it lives or until the reactor has stopped; that long
/// io_context::run() has work. The reactor is running() from here on. A run_one() inside one of torc's
/// callbacks goes on without torc, which waits until that callback returns.
class [[nodiscard("the reactor is hosted while this lives")]] Asio {
 public:
  /// `stopped` is called when the reactor has stopped or is destroyed. Throws SystemError, and what Asio
  /// throws. A reactor that runs already is a programming error.
  explicit Asio(Reactor& reactor, boost::asio::io_context& context, std::move_only_function<void()> stopped = {});
  /// Takes torc out of the context at once, without the order of stop(). Allowed in any callback; before
  /// the context is destroyed.
  ~Asio();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace host
}  // namespace torc
