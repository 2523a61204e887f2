// What is dropped is cancelled, so dropping it unseen is a mistake.
// refused: a Deferred that is dropped cancels its operation: keep, await or detach() it
#include <torc/torc.hpp>

torc::Deferred<int> fetch();

void start() {
#ifdef REFUSED
  fetch();
#else
  fetch().detach();
#endif
}

void log_it() {
  fetch().then([](int) {}).detach();
}
