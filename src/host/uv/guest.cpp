#include "host/guest.hpp"

#include <torc/host/uv.hpp>

#include <uv.h>

#include <chrono>
#include <optional>

namespace torc::guest {

struct Uv::State final : host::Guest {
  State(Reactor& reactor, uv_loop_t* loop) : Guest(reactor, uv_backend_fd(loop)), loop(loop) {}

  // Every turn, not only when woken: libuv registers a new handle's descriptor when its loop runs, and
  // says nowhere that it has one to register.
  std::optional<Duration> iterate(bool, const bool& gone) noexcept override {
    uv_loop_t* const held = loop;  // a callback may destroy us
    // A loop without anything active counts as one with work at once.
    if (!uv_loop_alive(held)) return {};
    {
      const torc::detail::Firing firing;
      uv_run(held, UV_RUN_NOWAIT);
    }
    if (gone || !uv_loop_alive(held)) return {};
    const int timeout = uv_backend_timeout(held);
    return timeout < 0 ? Duration(-1) : Duration(std::chrono::milliseconds(timeout));
  }

  uv_loop_t* loop;
};

Uv::Uv(Reactor& reactor, uv_loop_s* loop) : state_(std::make_unique<State>(reactor, loop)) {}

Uv::~Uv() = default;

}  // namespace torc::guest
