#include "host/test_loops.hpp"

#include "host/guest.hpp"

#include <torc/base/errors.hpp>
#include <torc/reactor/hosting.hpp>

#if TORC_HAVE_GLIB
#include <torc/host/glib.hpp>

#include <glib-unix.h>
#include <glib.h>
#endif
#if TORC_HAVE_UV
#include <torc/host/uv.hpp>

#include <uv.h>
#endif
#if TORC_HAVE_ASIO
#include <torc/host/asio.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#endif

#include <atomic>
#include <optional>
#include <utility>

namespace torc::testing {
namespace {

using namespace std::chrono_literals;
constexpr Duration kTooLong = 20s;
using Function = std::function<void()>;

// A reactor inside another one: what Hosting asks of any loop.
class TorcHost final : public HostLoop {
 public:
  void attach(Reactor& reactor, std::move_only_function<void()> stopped) override {
    hosted_.emplace(outer_, reactor, [this, f = std::move(stopped)]() mutable {
      hosted_.reset();
      if (f) f();
    });
  }
  void detach() override { hosted_.reset(); }
  void after(Duration delay, Function f) override { calls_.push_back(outer_.call_later(delay, std::move(f))); }
  bool run_until(std::function<bool()> done) override {
    struct Look final : torc::detail::BeforeSleep {
      void before_sleep() noexcept override {
        ++loop->rounds;
        if (expired || (*done)()) loop->outer_.crash();
      }
      TorcHost* loop;
      std::function<bool()>* done;
      bool expired = false;
    } look;
    look.loop = this;
    look.done = &done;
    outer_.call_before_sleep(look);
    const auto limit = outer_.call_later(kTooLong, [&] { look.expired = true; });
    outer_.run();
    return done();
  }
  bool nests() const override { return false; }

 private:
  class Inside final : host::Guest {
   public:
    Inside(Reactor& outer, Hosting& hosting) : Guest(outer, hosting.fd()), hosting_(hosting) {}

   private:
    std::optional<Duration> iterate(bool woken, const bool&) noexcept override {
      if (woken) hosting_.dispatch();
      return Duration(-1);
    }
    Hosting& hosting_;
  };
  struct Hosted {
    Hosted(Reactor& outer, Reactor& reactor, std::move_only_function<void()> ended)
        : hosting(reactor, std::move(ended)), inside(outer, hosting) {}
    Hosting hosting;
    Inside inside;
  };

  Reactor outer_;
  std::vector<DelayedCall> calls_;
  std::optional<Hosted> hosted_;
};

#if TORC_HAVE_GLIB
struct GlibContext {
  GlibContext() : context(g_main_context_new()) {}
  ~GlibContext() { g_main_context_unref(context); }

  void add(GSource* source, GSourceFunc call, std::function<bool()> f) {
    g_source_set_callback(source, call, new std::function<bool()>(std::move(f)),
                          [](gpointer f) { delete static_cast<std::function<bool()>*>(f); });
    g_source_attach(source, context);
    g_source_unref(source);
  }
  static gboolean call(gpointer f) { return (*static_cast<std::function<bool()>*>(f))(); }
  static gboolean call_fd(gint, GIOCondition, gpointer f) { return call(f); }
  void after(Duration delay, Function f) {
    add(g_timeout_source_new(static_cast<guint>(delay / 1ms)), call, [f = std::move(f)] { return f(), false; });
  }

  GMainContext* context;
};

class GlibHost final : public HostLoop {
 public:
  void attach(Reactor& reactor, std::move_only_function<void()> stopped) override {
    host_.emplace(reactor, glib_.context, std::move(stopped));
  }
  void detach() override { host_.reset(); }
  void after(Duration delay, Function f) override { glib_.after(delay, std::move(f)); }
  bool run_until(std::function<bool()> done) override {
    auto expired = std::make_shared<bool>(false);
    GSource* limit = g_timeout_source_new(kTooLong / 1ms);
    g_source_ref(limit);
    glib_.add(limit, GlibContext::call, [expired] { return *expired = true, false; });
    while (!done() && !*expired) {
      g_main_context_iteration(glib_.context, TRUE);
      ++rounds;
    }
    g_source_destroy(limit);
    g_source_unref(limit);
    return done();
  }
  bool nests() const override { return true; }

 private:
  GlibContext glib_;
  std::optional<host::Glib> host_;
};

class GlibGuest final : public GuestLoop {
 public:
  void attach(Reactor& reactor) override { guest_.emplace(reactor, glib_.context); }
  void detach() override { guest_.reset(); }
  void after(Duration delay, Function f) override { glib_.after(delay, std::move(f)); }
  void watch(int fd, std::function<bool()> f) override {
    const auto call = reinterpret_cast<GSourceFunc>(reinterpret_cast<void (*)()>(GlibContext::call_fd));
    glib_.add(g_unix_fd_source_new(fd, G_IO_IN), call, std::move(f));
  }
  void call(Function f) override {
    glib_.add(g_idle_source_new(), GlibContext::call, [f = std::move(f)] { return f(), false; });
  }

 private:
  GlibContext glib_;
  std::optional<guest::Glib> guest_;
};
#endif

#if TORC_HAVE_UV
struct UvLoop {
  UvLoop() { uv_loop_init(&loop); }
  ~UvLoop() {
    uv_walk(
        &loop,
        [](uv_handle_t* handle, void*) {
          if (!uv_is_closing(handle)) close(handle);
        },
        nullptr);
    while (uv_run(&loop, UV_RUN_NOWAIT)) {
    }
    if (uv_loop_close(&loop) != 0) torc::detail::misuse("a libuv loop was left with handles in it");
  }

  template <class H>
  struct Calling {
    H handle;
    std::function<bool()> f;
    void (*end)(uv_handle_t*) = [](uv_handle_t* handle) { delete reinterpret_cast<Calling*>(handle); };
  };
  static void close(uv_handle_t* handle) {
    switch (handle->type) {
      case UV_TIMER: return uv_close(handle, reinterpret_cast<Calling<uv_timer_t>*>(handle)->end);
      case UV_POLL: return uv_close(handle, reinterpret_cast<Calling<uv_poll_t>*>(handle)->end);
      default: return uv_close(handle, nullptr);
    }
  }
  template <class H, class... Args>
  static void on_event(H* handle, Args...) {
    if (!reinterpret_cast<Calling<H>*>(handle)->f()) close(reinterpret_cast<uv_handle_t*>(handle));
  }
  uv_timer_t* after(Duration delay, Function f) {
    auto* timer = new Calling<uv_timer_t>{{}, [f = std::move(f)] { return f(), false; }};
    uv_timer_init(&loop, &timer->handle);
    uv_update_time(&loop);
    uv_timer_start(&timer->handle, on_event<uv_timer_t>, static_cast<std::uint64_t>(delay / 1ms), 0);
    return &timer->handle;
  }

  uv_loop_t loop;
};

class UvHost final : public HostLoop {
 public:
  void attach(Reactor& reactor, std::move_only_function<void()> stopped) override {
    host_.emplace(reactor, &uv_.loop, std::move(stopped));
  }
  void detach() override { host_.reset(); }
  void after(Duration delay, Function f) override { uv_.after(delay, std::move(f)); }
  bool run_until(std::function<bool()> done) override {
    auto expired = std::make_shared<bool>(false);
    uv_timer_t* limit = uv_.after(kTooLong, [expired] { *expired = true; });
    while (!done() && !*expired) {
      uv_run(&uv_.loop, UV_RUN_ONCE);
      ++rounds;
    }
    if (!*expired) UvLoop::close(reinterpret_cast<uv_handle_t*>(limit));
    return done();
  }
  bool nests() const override { return false; }

 private:
  UvLoop uv_;
  std::optional<host::Uv> host_;
};

class UvGuest final : public GuestLoop {
 public:
  UvGuest() {
    async_.data = this;
    uv_async_init(&uv_.loop, &async_, [](uv_async_t* async) {
      if (auto f = std::exchange(static_cast<UvGuest*>(async->data)->call_, {})) f();
    });
  }
  ~UvGuest() override { guest_.reset(); }
  void attach(Reactor& reactor) override { guest_.emplace(reactor, &uv_.loop); }
  void detach() override { guest_.reset(); }
  void after(Duration delay, Function f) override { uv_.after(delay, std::move(f)); }
  void watch(int fd, std::function<bool()> f) override {
    auto* poll = new UvLoop::Calling<uv_poll_t>{{}, std::move(f)};
    uv_poll_init(&uv_.loop, &poll->handle, fd);
    uv_poll_start(&poll->handle, UV_READABLE, UvLoop::on_event<uv_poll_t, int, int>);
  }
  void call(Function f) override {
    call_ = std::move(f);
    uv_async_send(&async_);
  }

 private:
  uv_async_t async_;
  Function call_;
  UvLoop uv_;
  std::optional<guest::Uv> guest_;
};
#endif

#if TORC_HAVE_ASIO
class AsioHost final : public HostLoop {
 public:
  void attach(Reactor& reactor, std::move_only_function<void()> stopped) override {
    host_.emplace(reactor, context_, std::move(stopped));
  }
  void detach() override { host_.reset(); }
  void after(Duration delay, Function f) override { start(delay, std::move(f)); }
  bool run_until(std::function<bool()> done) override {
    auto expired = std::make_shared<bool>(false);
    const auto limit = start(kTooLong, [expired] { *expired = true; });
    while (!done() && !*expired) {
      context_.restart();
      context_.run_one();
      ++rounds;
    }
    limit->cancel();
    return done();
  }
  bool nests() const override { return true; }

 private:
  std::shared_ptr<boost::asio::steady_timer> start(Duration delay, Function f) {
    auto timer = std::make_shared<boost::asio::steady_timer>(context_, delay);
    timer->async_wait([timer, f = std::move(f)](boost::system::error_code error) {
      if (!error) f();
    });
    return timer;
  }

  boost::asio::io_context context_;
  std::optional<host::Asio> host_;
};
#endif

}  // namespace

std::vector<std::string> host_loops() {
  return {
#if TORC_HAVE_GLIB
      "glib",
#endif
#if TORC_HAVE_UV
      "uv",
#endif
#if TORC_HAVE_ASIO
      "asio",
#endif
      "torc"};
}

std::unique_ptr<HostLoop> make_host_loop([[maybe_unused]] const std::string& name) {
#if TORC_HAVE_GLIB
  if (name == "glib") return std::make_unique<GlibHost>();
#endif
#if TORC_HAVE_UV
  if (name == "uv") return std::make_unique<UvHost>();
#endif
#if TORC_HAVE_ASIO
  if (name == "asio") return std::make_unique<AsioHost>();
#endif
  return std::make_unique<TorcHost>();
}

std::vector<std::string> guest_loops() {
  return {
#if TORC_HAVE_GLIB
      "glib",
#endif
#if TORC_HAVE_UV
      "uv",
#endif
  };
}

std::unique_ptr<GuestLoop> make_guest_loop([[maybe_unused]] const std::string& name) {
#if TORC_HAVE_GLIB
  if (name == "glib") return std::make_unique<GlibGuest>();
#endif
#if TORC_HAVE_UV
  if (name == "uv") return std::make_unique<UvGuest>();
#endif
  return nullptr;
}

}  // namespace torc::testing
