#include <torc/process/process_stream.hpp>

#include "net/fd_transport.hpp"
#include "process/running.hpp"

#include <torc/net/layer.hpp>

#include <utility>

namespace torc::process {

namespace {

// Belongs to the connection, and the process to it.
class Keeper final : public Layer {
 public:
  Keeper(std::unique_ptr<detail::Running> process, Duration grace) noexcept
      : process_(std::move(process)), grace_(grace) {}
  ~Keeper() override { detail::end_in_background(std::move(process_), grace_, grace_); }

 private:
  std::unique_ptr<detail::Running> process_;
  Duration grace_;
};

Stream start(const Command& command, SpawnOptions options) {
  Reactor& reactor = Reactor::required("process::process_stream");
  options.files[0] = to_child();
  options.files[1] = from_child();
  auto launched = detail::launch(command, options);
  auto process = std::make_unique<detail::Running>(launched);
  process->watch(reactor);
  auto& ends = launched.ends;
  if (ends.size() != 2) throw CannotRun("cannot run " + detail::name_of(command) + " as a stream with further pipes", EINVAL);
  auto* transport = new FdTransport(reactor, StreamFd(std::move(ends[1].ours), std::move(ends[0].ours)));
  reactor.house(*transport);
  auto keeper = std::make_unique<Keeper>(std::move(process), options.kill_after);
  Layer& above = *keeper;
  transport->insert(std::move(keeper));
  return Stream(above);
}

}  // namespace

Deferred<Stream> process_stream(Command command, SpawnOptions options) {
  try {
    return succeed(start(command, std::move(options)));
  } catch (const SystemError& error) {
    return fail<Stream>(CannotRun("cannot run " + detail::name_of(command) + ": " + error.what(), error.code()));
  } catch (...) {
    return fail<Stream>(Failure::current());
  }
}

}  // namespace torc::process
