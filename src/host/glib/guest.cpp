#include "host/guest.hpp"

#include <torc/base/errors.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/host/glib.hpp>

#include <glib.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

namespace torc::guest {

namespace {

// The reactor learns of edges, GLib expects levels: GLib's descriptors go into an epoll set of their own,
// level-triggered, and the reactor watches that set.
class EpollSet {
 public:
  EpollSet() : set_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!set_) throw SystemError("creating an epoll instance", errno);
  }
  int fd() const noexcept { return set_.get(); }

  // Makes `wanted` the members. Each is registered again every time: a number may stand for another file
  // than last time, and only the kernel knows. True when a member cannot be waited for, as a plain file,
  // which poll() calls ready at once.
  bool hold(const std::vector<GPollFD>& wanted) noexcept {
    for (const int old : members_) {
      if (std::ranges::find(wanted, old, &GPollFD::fd) == wanted.end()) ::epoll_ctl(fd(), EPOLL_CTL_DEL, old, nullptr);
    }
    members_.clear();
    bool refused = false;
    for (const GPollFD& each : wanted) {
      // The bits of poll and epoll are the same on Linux.
      epoll_event event{.events = each.events, .data = {.fd = each.fd}};
      if (::epoll_ctl(fd(), EPOLL_CTL_MOD, each.fd, &event) != 0 &&
          ::epoll_ctl(fd(), EPOLL_CTL_ADD, each.fd, &event) != 0) {
        refused = true;
      } else {
        members_.push_back(each.fd);
      }
    }
    return refused;
  }

 private:
  UniqueFd set_;
  std::vector<int> members_;
};

GMainContext* owned(GMainContext* context) noexcept {
  if (!context) context = g_main_context_default();
  if (!g_main_context_acquire(context)) {
    torc::detail::misuse("guest::Glib was given a context that another thread owns: a GLib loop runs it there");
  }
  return context;
}

}  // namespace

struct Glib::State final : private EpollSet, host::Guest {
  State(Reactor& reactor, GMainContext* given)
      : Guest(reactor, EpollSet::fd()), context(g_main_context_ref(owned(given))) {}
  ~State() override { left(); }

  void left() noexcept override {
    if (GMainContext* ours = std::exchange(context, nullptr)) {
      g_main_context_release(ours);
      g_main_context_unref(ours);
    }
  }

  std::optional<Duration> iterate(bool woken, const bool& gone) noexcept override {
    GMainContext* const held = g_main_context_ref(context);  // a callback may destroy us
    std::optional<Duration> wait = prepare(held, gone);
    if (!gone && (woken || wait == Duration::zero())) {
      {
        const torc::detail::Firing firing;
        const auto count = static_cast<guint>(fds.size());
        g_poll(fds.data(), count, 0);
        if (g_main_context_check(held, priority, fds.data(), static_cast<gint>(count))) g_main_context_dispatch(held);
      }
      if (!gone) wait = prepare(held, gone);
    }
    g_main_context_unref(held);
    return wait;
  }

  // Asks GLib what it waits for and how long it may sleep, and waits for that.
  std::optional<Duration> prepare(GMainContext* held, const bool& gone) noexcept {
    gint timeout = 0;
    {
      const torc::detail::Firing firing;  // sources may have functions of the user's here, too
      g_main_context_prepare(held, &priority);
      if (gone) return {};
      fds.resize(fds.capacity());
      for (;;) {
        const gint needed = g_main_context_query(held, priority, &timeout, fds.data(), static_cast<gint>(fds.size()));
        const bool all = static_cast<std::size_t>(needed) <= fds.size();
        fds.resize(static_cast<std::size_t>(needed));
        if (all) break;
      }
    }
    if (gone) return {};
    if (hold(fds)) return Duration::zero();
    return timeout < 0 ? Duration(-1) : Duration(std::chrono::milliseconds(timeout));
  }

  GMainContext* context;
  gint priority = 0;
  std::vector<GPollFD> fds;
};

Glib::Glib(Reactor& reactor, _GMainContext* context) : state_(std::make_unique<State>(reactor, context)) {}

Glib::~Glib() = default;

}  // namespace torc::guest
