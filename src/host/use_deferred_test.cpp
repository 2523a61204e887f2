#if TORC_HAVE_ASIO
#include <torc/host/use_deferred.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/host/asio.hpp>
#include <torc/reactor/reactor.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace torc {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using host::use_deferred;

class UseDeferred : public ::testing::Test {
 protected:
  // Runs `body` on the hosted reactor until it ends.
  template <class Body>
  void on_both(Body body) {
    std::optional<Deferred<void>> running;
    reactor.call_when_running([&] {
      running = with_timeout(20s, body()).then_outcome([&](Outcome<void> outcome) {
        if (!outcome) ADD_FAILURE() << outcome.error().report();
        reactor.stop();
      });
    });
    context.run();
    EXPECT_TRUE(running && running->fired());
  }

  boost::asio::io_context context;
  Reactor reactor;
  host::Asio host{reactor, context};
};

TEST_F(UseDeferred, ATimerOfAsioIsAwaited) {
  on_both([&](this auto) -> Deferred<void> {
    boost::asio::steady_timer timer(context, 5ms);
    static_assert(std::is_same_v<decltype(timer.async_wait(use_deferred)), Deferred<void>>);
    co_await timer.async_wait(use_deferred);
    EXPECT_EQ(Reactor::current(), &reactor);
    co_await sleep(1ms);
  });
}

TEST_F(UseDeferred, SocketsOfAsioGiveValuesAndErrors) {
  on_both([&](this auto) -> Deferred<void> {
    tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
    tcp::socket client(context);
    auto accepting = acceptor.async_accept(use_deferred);
    co_await client.async_connect(acceptor.local_endpoint(), use_deferred);
    tcp::socket server = co_await accepting;

    EXPECT_EQ(co_await boost::asio::async_write(client, boost::asio::buffer("hello", 5), use_deferred), 5u);
    std::string got(100, '\0');
    got.resize(co_await server.async_read_some(boost::asio::buffer(got), use_deferred));
    EXPECT_EQ(got, "hello");

    client.close();
    auto end = co_await as_outcome(server.async_read_some(boost::asio::buffer(got), use_deferred));
    EXPECT_FALSE(end);
    const auto* error = end.error().template get<boost::system::system_error>();
    EXPECT_TRUE(error && error->code() == boost::asio::error::eof);
  });
}

TEST_F(UseDeferred, CancellingAndDroppingEndTheOperation) {
  on_both([&](this auto) -> Deferred<void> {
    boost::asio::steady_timer timer(context, 1h);
    auto waiting = timer.async_wait(use_deferred);
    waiting.cancel();
    auto outcome = co_await as_outcome(std::move(waiting));
    EXPECT_TRUE(!outcome && outcome.error().template check<Cancelled>());
    {
      auto dropped = timer.async_wait(use_deferred).then([] { ADD_FAILURE() << "called after it was dropped"; });
    }
    // Neither is in the timer's queue any more.
    EXPECT_EQ(timer.cancel(), 0u);
    EXPECT_TRUE((co_await as_outcome(with_timeout(5ms, timer.async_wait(use_deferred))))
                    .error()
                    .template check<TimeoutError>());
    EXPECT_EQ(timer.cancel(), 0u);
    co_await sleep(5ms);  // the handlers come, and find nobody
  });
}

TEST_F(UseDeferred, AnOperationThatDiesUnfinishedBreaksThePromise) {
  auto brief = std::make_unique<boost::asio::io_context>();
  auto timer = std::make_unique<boost::asio::steady_timer>(*brief, 1h);
  auto waiting = timer->async_wait(use_deferred);
  timer.reset();
  brief.reset();
  ASSERT_TRUE(waiting.fired());
  EXPECT_TRUE(waiting.take().error().check<BrokenPromise>());
}

TEST_F(UseDeferred, AnAsioHandlerWaitsForADeferred) {
  int given = 0;
  on_both([&](this auto) -> Deferred<void> {
    auto later = [](int value) -> Deferred<int> {
      co_await sleep(2ms);
      co_return value;
    };
    bool inside = true;
    host::async_wait(succeed(1), context.get_executor(), [&](std::exception_ptr error, int value) {
      EXPECT_FALSE(inside);
      EXPECT_FALSE(error);
      given += value;
    });
    inside = false;
    host::async_wait(later(10), context.get_executor(), [&](std::exception_ptr, int value) { given += value; });
    host::async_wait(fail(TimeoutError("late")), context.get_executor(),
                     [&](std::exception_ptr error) { given += error ? 100 : 0; });
    // There and back again.
    given += co_await host::async_wait(later(1000), context.get_executor(), use_deferred);
    co_await sleep(5ms);
  });
  EXPECT_EQ(given, 1111);
}

TEST_F(UseDeferred, ACancellationSlotCancelsTheDeferred) {
  boost::asio::cancellation_signal signal;
  bool told = false;
  on_both([&](this auto) -> Deferred<void> {
    host::async_wait(until_cancelled(), context.get_executor(),
                     boost::asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error) {
                       EXPECT_TRUE(Failure(error).check<Cancelled>());
                       told = true;
                     }));
    signal.emit(boost::asio::cancellation_type::all);
    co_await sleep(5ms);
    signal.emit(boost::asio::cancellation_type::all);  // too late: nothing
  });
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace torc
#endif
