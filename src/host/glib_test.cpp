#if TORC_HAVE_GLIB
#include <torc/host/glib.hpp>
#include <torc/reactor/reactor.hpp>

#include <gtest/gtest.h>

#include <glib.h>

#include <memory>
#include <thread>

namespace torc {
namespace {

TEST(GlibDeathTest, AContextOfAnotherThreadIsRefused) {
  EXPECT_DEATH(
      {
        GMainContext* context = g_main_context_new();
        std::thread([&] { g_main_context_acquire(context); }).join();
        Reactor reactor;
        const guest::Glib guest(reactor, context);
      },
      "a context that another thread owns");
}

TEST(GlibGuest, GivesTheContextBack) {
  GMainContext* context = g_main_context_new();
  Reactor reactor;
  std::make_unique<guest::Glib>(reactor, context).reset();
  gboolean acquired = FALSE;
  std::thread([&] {
    acquired = g_main_context_acquire(context);
    g_main_context_release(context);
  }).join();
  EXPECT_TRUE(acquired);
  g_main_context_unref(context);
}

TEST(GlibHost, TheStoppedCallbackMayDestroyTheHost) {
  GMainContext* context = g_main_context_new();
  Reactor reactor;
  std::unique_ptr<host::Glib> host;
  host = std::make_unique<host::Glib>(reactor, context, [&] { host.reset(); });
  reactor.call_when_running([&] { reactor.stop(); });
  while (host) g_main_context_iteration(context, TRUE);
  EXPECT_FALSE(reactor.running());
  g_main_context_unref(context);
}

}  // namespace
}  // namespace torc
#endif
