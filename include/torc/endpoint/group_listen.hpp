// torc::listen on a group: one address, served by all reactors of a ReactorGroup.
//
//   torc::ReactorGroup group{{.reactors = 4}};
//   auto port = co_await torc::listen(group, "tcp:8080", [] { return torc::factory<Echo>(); });
//   auto other = co_await torc::listen(group, "tcp:8081", [] { return echo; }, {.spread = torc::Spread::kSticky});
//
// The function makes what serves one reactor, and is called on the thread of each, one after the other: it gives a
// ProtocolFactory, a handler of streams, or a PortServer with options such as layers. It may take the GroupShare of its
// reactor, with which connections are moved. What it gives is used on that thread only.
#pragma once

#include <torc/endpoint/listen.hpp>
#include <torc/net/group_port.hpp>

#include <concepts>
#include <string_view>
#include <utility>

namespace torc {

/// Opens `where`, a `tcp:` endpoint, for servers made by `make`. Fails with BadEndpoint, CannotListen, or what `make`
/// throws. TLS is a layer of each PortServer.
Deferred<GroupPort> listen_on_group(ReactorGroup& group, ServerEndpoint where, GroupPort::MakeServer make,
                                    GroupPortOptions options = {});
Deferred<GroupPort> listen_on_group(ReactorGroup& group, std::string_view where, GroupPort::MakeServer make,
                                    GroupPortOptions options = {});

template <class Where, class Make>
  requires std::invocable<Make&> || std::invocable<Make&, GroupShare&>
Deferred<GroupPort> listen(ReactorGroup& group, Where&& where, Make make, GroupPortOptions options = {}) {
  return listen_on_group(
      group, std::forward<Where>(where),
      [make = std::move(make)](GroupShare& share) mutable -> PortServer {
        if constexpr (std::invocable<Make&, GroupShare&>) {
          return make(share);
        } else {
          return make();
        }
      },
      options);
}

}  // namespace torc
