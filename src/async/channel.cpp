#include <torc/async/channel.hpp>

#include <torc/async/scheduler.hpp>

namespace torc {
namespace detail {

ChannelWait::ChannelWait() noexcept {
  if (current.scheduler) current.scheduler->channel_waits_.push_back(*this);
}

Failure channel_closed() { return Failure(ChannelClosed("the channel is closing and nobody waits on its other side")); }

Failure channel_deadlock() {
  return Failure(Deadlock("nobody is left who could come to the channel: all tasks wait for each other"));
}

}  // namespace detail

bool Scheduler::end_deadlock() noexcept {
  if (channel_waits_.empty()) return false;
  const detail::Firing firing;  // who is told may wait anew: not before all have been
  detail::IntrusiveList<detail::ChannelWait> stuck;
  stuck.take(channel_waits_);
  while (detail::ChannelWait* wait = stuck.pop_front()) wait->deadlocked();
  return true;
}

}  // namespace torc
