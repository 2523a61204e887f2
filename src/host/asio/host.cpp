#include <torc/host/asio.hpp>
#include <torc/reactor/hosting.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <memory>
#include <utility>

namespace torc::host {

namespace {

using boost::asio::posix::stream_descriptor;

// Shared with the wait that is under way, whose handler Asio may call late.
struct Descriptor {
  stream_descriptor stream;
  Hosting* hosting;  // null when detached
};

// One wait at a time: while a dispatch is on the stack there is none, so a run_one() inside it does not
// see torc. A new wait looks at the level again.
void wait(const std::shared_ptr<Descriptor>& descriptor) {
  descriptor->stream.async_wait(stream_descriptor::wait_read, [descriptor](boost::system::error_code) {
    if (!descriptor->hosting) return;
    descriptor->hosting->dispatch();
    if (descriptor->hosting) wait(descriptor);
  });
}

}  // namespace

struct Asio::State {
  State(Reactor& reactor, boost::asio::io_context& context, std::move_only_function<void()> stopped)
      : stopped(std::move(stopped)),
        hosting(reactor, [this] { ended(); }),
        descriptor(std::make_shared<Descriptor>(stream_descriptor(context), &hosting)) {
    descriptor->stream.assign(hosting.fd());
    wait(descriptor);
  }
  ~State() { detach(); }

  void detach() noexcept {
    const auto ours = std::exchange(descriptor, nullptr);
    if (!ours) return;
    ours->hosting = nullptr;
    ours->stream.release();  // the reactor's, not Asio's to close
  }
  void ended() {
    detach();
    if (auto tell = std::exchange(stopped, {})) tell();
  }

  std::move_only_function<void()> stopped;
  Hosting hosting;
  std::shared_ptr<Descriptor> descriptor;
};

Asio::Asio(Reactor& reactor, boost::asio::io_context& context, std::move_only_function<void()> stopped)
    : state_(std::make_unique<State>(reactor, context, std::move(stopped))) {}

Asio::~Asio() = default;

}  // namespace torc::host
