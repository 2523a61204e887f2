// GLib's loop runs a reactor, with nothing of GLib included here but what the program itself needs.
#include <torc/base/version.hpp>
#include <torc/host/glib.hpp>
#include <torc/reactor/reactor.hpp>

#include <cstdio>

extern "C" int g_main_context_iteration(_GMainContext* context, int may_block);

int main() {
  torc::Reactor reactor;
  bool stopped = false;
  const torc::host::Glib host{reactor, nullptr, [&] { stopped = true; }};
  reactor.call_when_running([&] { reactor.stop(); });
  while (!stopped) g_main_context_iteration(nullptr, 1);
  std::printf("torc %s\n", torc::kVersion);
}
