// Options are aggregates with a finite default for every field (semantics, rule 36).
#include <torc/async/channel.hpp>
#include <torc/async/cooperator.hpp>
#include <torc/async/fiber.hpp>
#include <torc/async/queue.hpp>
#include <torc/async/retry.hpp>
#include <torc/http/client.hpp>
#include <torc/http/server.hpp>
#include <torc/reactor/background_reactor.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/reactor/thread_pool.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <type_traits>

namespace torc {
namespace {

using namespace std::chrono_literals;

template <class... Options>
constexpr bool all_aggregates = (std::is_aggregate_v<Options> && ...);

static_assert(all_aggregates<ReactorOptions, BackgroundReactorOptions, ThreadPoolOptions, CooperatorOptions, FiberOptions,
                             QueueLimits, RetryOptions, ChannelOptions, http::RequestOptions, http::ClientOptions,
                             http::ServerOptions>);

TEST(Options, HaveFiniteDefaults) {
  for (const Duration limit :
       {ReactorOptions{}.shutdown_limit, ReactorOptions{}.stall_limit, ThreadPoolOptions{}.idle_timeout,
        CooperatorOptions{}.slice, RetryOptions{}.max_delay, http::RequestOptions{}.timeout,
        http::RequestOptions{}.stall_timeout, http::ClientOptions{}.idle_timeout, http::ServerOptions{}.head_timeout,
        http::ServerOptions{}.idle_timeout, http::ServerOptions{}.stall_timeout, http::ServerOptions{}.drain_limit}) {
    EXPECT_GT(limit, 0s);
    EXPECT_LE(limit, 1min);
  }
  for (const std::size_t bound :
       {ReactorOptions{}.read_buffer, ReactorOptions{}.threads, ThreadPoolOptions{}.max, ThreadPoolOptions{}.queue_limit,
        CooperatorOptions{}.steps, FiberOptions{}.stack_size, QueueLimits{}.size, QueueLimits{}.backlog,
        http::ClientOptions{}.idle_per_host, http::ClientOptions{}.idle_total, http::ClientOptions{}.active_per_host,
        static_cast<std::size_t>(http::ServerOptions{}.limits.body)}) {
    EXPECT_GT(bound, 0u);
    EXPECT_LE(bound, 8u << 20);
  }
  EXPECT_EQ(http::RequestOptions{}.max_redirects, 10);
  EXPECT_EQ(ChannelOptions{}.capacity, 0u);
}

TEST(Options, TakeOneFieldByItsName) {
  const http::RequestOptions options{.timeout = 5s};
  EXPECT_EQ(options.timeout, 5s);
  EXPECT_EQ(options.method, "GET");
}

}  // namespace
}  // namespace torc
