// Programs that users are promised, as they would write them.
#include <torc/http/client.hpp>
#include <torc/http/server.hpp>
#include <torc/torc.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;

std::string compute() {
  torc::await(torc::sleep(1ms));
  return "computed";
}

TEST(Tour, TaskletsMeetAtAChannelAndWaitForDeferreds) {
  const int status = torc::run([] {
    return torc::defer_to_fiber([] {
      torc::http::Router app;
      app.get("/", [](torc::http::Request&) { return torc::http::text("a page"); });
      const auto server = torc::await(torc::http::listen("tcp:0:address=127.0.0.1", std::move(app)));
      const std::string url = "http://" + server.address().str();
      const auto f = [] { return 7; };

      torc::Channel<std::string> replies;
      torc::TaskGroup tasks;                                   // declared after what the fibers capture
      tasks.spawn_fiber([&] { torc::await(replies.send(compute())); });
      auto text = torc::await(replies.receive());              // rendezvous
      auto page = torc::await(torc::http::get(url));           // a fiber waits for a Deferred
      auto d    = torc::defer_to_fiber(f);                     // a Deferred waits for a fiber

      EXPECT_EQ(text, "computed");
      EXPECT_EQ(page.status(), 200);
      EXPECT_EQ(torc::await(d), 7);
    });
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
