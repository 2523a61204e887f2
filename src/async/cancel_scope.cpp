#include <torc/async/cancel_scope.hpp>

namespace torc {

void CancelScope::cancel() noexcept {
  cancelled_ = true;
  const detail::Firing firing;
  std::stop_source stop = stop_;
  // From a list of our own: a canceller may drop what it held, also what is wrapped here.
  detail::IntrusiveList<detail::InScope> operations;
  operations.take(operations_);
  while (detail::InScope* operation = operations.pop_front()) operation->cancel_from_scope();
  stop.request_stop();
}

}  // namespace torc
