// A torc coroutine waits for a Deferred and nothing else: cancelling has to reach whatever it waits for.
// refused: no matching member function for call to 'await_transform'
#include <torc/torc.hpp>

#include <coroutine>

torc::Deferred<void> hold() {
#ifdef REFUSED
  co_await std::suspend_always{};
#else
  co_await torc::until_cancelled();
#endif
}
