#include <torc/host/glib.hpp>

#include <torc/reactor/hosting.hpp>

#include <glib-unix.h>
#include <glib.h>

#include <new>
#include <utility>

namespace torc::host {

namespace {

// GLib blocks a source while it is dispatched, so a main loop inside a callback does not watch it.
struct Source {
  GSource base;
  Hosting* hosting;
  gpointer fd;
};

gboolean check(GSource* source) {
  auto* ours = reinterpret_cast<Source*>(source);
  return g_source_query_unix_fd(source, ours->fd) != 0;
}

gboolean dispatch(GSource* source, GSourceFunc, gpointer) {
  reinterpret_cast<Source*>(source)->hosting->dispatch();  // may destroy the source
  return G_SOURCE_CONTINUE;
}

GSourceFuncs functions{nullptr, check, dispatch, nullptr, nullptr, nullptr};

}  // namespace

struct Glib::State {
  State(Reactor& reactor, GMainContext* context, std::move_only_function<void()> stopped)
      : stopped(std::move(stopped)), hosting(reactor, [this] { ended(); }) {
    source = g_source_new(&functions, sizeof(Source));
    auto* ours = reinterpret_cast<Source*>(source);
    ours->hosting = &hosting;
    ours->fd = g_source_add_unix_fd(source, hosting.fd(), G_IO_IN);
    g_source_set_name(source, "torc");
    g_source_attach(source, context);
  }
  ~State() { detach(); }

  void detach() noexcept {
    if (GSource* ours = std::exchange(source, nullptr)) {
      g_source_destroy(ours);
      g_source_unref(ours);
    }
  }
  void ended() {
    detach();
    if (auto tell = std::exchange(stopped, {})) tell();
  }

  std::move_only_function<void()> stopped;
  GSource* source = nullptr;
  Hosting hosting;
};

Glib::Glib(Reactor& reactor, _GMainContext* context, std::move_only_function<void()> stopped)
    : state_(std::make_unique<State>(reactor, context, std::move(stopped))) {}

Glib::~Glib() = default;

}  // namespace torc::host
