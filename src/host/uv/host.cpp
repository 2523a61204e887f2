#include <torc/base/errors.hpp>
#include <torc/host/uv.hpp>
#include <torc/reactor/hosting.hpp>

#include <uv.h>

#include <utility>

namespace torc::host {

namespace {

// libuv gives a closed handle back only in its next iteration: it owns itself from then on.
struct Handle {
  uv_poll_t poll;
  Hosting* hosting;  // null when closed
};

void on_readable(uv_poll_t* poll, int, int) {
  auto* handle = static_cast<Handle*>(poll->data);
  if (handle->hosting) handle->hosting->dispatch();  // may close the handle
}

}  // namespace

struct Uv::State {
  State(Reactor& reactor, uv_loop_t* loop, std::move_only_function<void()> stopped)
      : stopped(std::move(stopped)), hosting(reactor, [this] { ended(); }), handle(new Handle{{}, &hosting}) {
    if (const int error = uv_poll_init(loop, &handle->poll, hosting.fd())) {
      delete handle;
      throw SystemError("watching a reactor in a libuv loop", -error);
    }
    handle->poll.data = handle;
    uv_poll_start(&handle->poll, UV_READABLE, on_readable);
  }
  ~State() { detach(); }

  void detach() noexcept {
    Handle* ours = std::exchange(handle, nullptr);
    if (!ours) return;
    ours->hosting = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&ours->poll),
             [](uv_handle_t* closed) { delete static_cast<Handle*>(closed->data); });
  }
  void ended() {
    detach();
    if (auto tell = std::exchange(stopped, {})) tell();
  }

  std::move_only_function<void()> stopped;
  Hosting hosting;
  Handle* handle;
};

Uv::Uv(Reactor& reactor, uv_loop_s* loop, std::move_only_function<void()> stopped)
    : state_(std::make_unique<State>(reactor, loop, std::move(stopped))) {}

Uv::~Uv() = default;

}  // namespace torc::host
