#include "torc/endpoint/group_listen.hpp"

#include <gtest/gtest.h>

#include "net/echo.hpp"
#include "net/on_reactor.hpp"
#include "torc/async/coroutine.hpp"
#include "torc/endpoint/listen.hpp"

namespace torc {
namespace {

PortServer echoing(GroupShare&) { return echo; }

Deferred<std::string> refusal(ReactorGroup& group, std::string where) {
  auto port = co_await as_outcome(listen(group, where, echoing));
  if (port) co_return "accepted";
  EXPECT_TRUE(port.error().check<BadEndpoint>());
  co_return port.error().message();
}

TEST(GroupListen, ServesAtAStringWithItsOptions) {
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 2}};
    auto port = co_await listen(group, "tcp:0:address=127.0.0.1:backlog=16:nodelay=no",
                                echoing);
    co_await hears_itself(co_await connect("tcp:127.0.0.1:" + std::to_string(port.address().port())));
    co_await port.close();
  });
}

TEST(GroupListen, RefusesWhatNoGroupServes) {
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 1}};
    EXPECT_EQ(co_await refusal(group, "tcp:80x"),
              "endpoint \"tcp:80x\": port must be a number from 0 to 65535 (at character 5)");
    EXPECT_EQ(co_await refusal(group, "unix:/run/x"),
              "cannot listen on \"unix:/run/x\" with a group of reactors: give a tcp: endpoint, and TLS as a layer of "
              "each PortServer");
    EXPECT_TRUE((co_await refusal(group, "haproxy:tcp:0")).starts_with("cannot listen on \"haproxy:tcp:0\""));
    auto nowhere = co_await as_outcome(
        listen(group, TcpServerEndpoint{.address = "localhost"}, echoing));
    EXPECT_TRUE(nowhere.error().check<BadEndpoint>()) << "an address, not a name";
  });
}

}  // namespace
}  // namespace torc
