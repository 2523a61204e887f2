// A program whose main loop is GLib's, as GTK's is, with torc's timers and connections in the same thread.
//
//   12-hosted-by-glib          prints what each loop does, asks an echo server of its own, and ends
//
// needs: torc::host_glib GLib::GLib
#include <torc/host/glib.hpp>
#include <torc/torc.hpp>

#include <glib.h>

#include <chrono>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;

torc::Deferred<void> echo(torc::Stream s) {
  while (auto chunk = co_await s.read_some()) co_await s.write(*chunk);
}

torc::Deferred<void> talk() {
  auto port = co_await torc::listen("tcp:0:address=127.0.0.1", echo);
  auto stream = co_await torc::connect("tcp:127.0.0.1:" + std::to_string(port.address().port()));
  for (int i = 1; i <= 3; ++i) {
    co_await stream.write("message " + std::to_string(i));
    auto answer = co_await stream.read_some();
    std::printf("torc: the echo of %s\n", answer->str().c_str());
    co_await torc::sleep(20ms);
  }
}

gboolean tick(gpointer) {
  std::puts("GLib: tick");
  return G_SOURCE_CONTINUE;
}

int main() {
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  g_timeout_add(10, tick, nullptr);

  torc::Reactor reactor;
  torc::host::Glib host{reactor, g_main_context_default(), [&] { g_main_loop_quit(loop); }};
  reactor.call_when_running([&] { talk().finally([&] { reactor.stop(); }).detach(); });

  g_main_loop_run(loop);
  std::puts("torc has stopped");
  g_main_loop_unref(loop);
}
