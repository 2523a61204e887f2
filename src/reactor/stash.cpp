#include <torc/reactor/stash.hpp>

#include <string>
#include <utility>

namespace torc::detail {

StashId Stash::add(std::shared_ptr<Eventual> state, const void* type) {
  const std::lock_guard lock(mutex_);
  if (closed_) throw ReactorStopped("a result was to be stashed in a BackgroundReactor that is gone");
  entries_.emplace(++last_, Entry{std::move(state), type});
  return last_;
}

std::shared_ptr<Eventual> Stash::take(StashId id, const void* type) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) throw NotStashed("no result is stashed as " + std::to_string(id));
  if (found->second.type != type) throw NotStashed("the result stashed as " + std::to_string(id) + " has another type");
  auto state = std::move(found->second.state);
  entries_.erase(found);
  return state;
}

void Stash::close() noexcept {
  std::map<StashId, Entry> left;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    left.swap(entries_);
  }
  for (auto& [id, entry] : left) entry.state->let_go();
}

}  // namespace torc::detail
