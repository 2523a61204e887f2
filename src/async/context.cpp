#include <torc/async/context.hpp>

#include <torc/async/current.hpp>
#include <torc/async/operation.hpp>

namespace torc {

Context Context::with(const void* key, std::shared_ptr<const void> value) const {
  auto map = std::make_unique<detail::ContextMap>();
  if (map_) {
    for (const auto& entry : map_->entries) {
      if (entry.key != key) map->entries.push_back(entry);
    }
  }
  map->entries.push_back({key, std::move(value)});
  Context made;
  made.map_ = map.release();
  return made;
}

void Context::release(detail::ContextMap* map) noexcept {
  if (map->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete map;
}

ContextScope::ContextScope(Context context) noexcept : task_(detail::current.task), kept_(std::move(context)) {
  if (task_) {
    std::swap(task_->context(), kept_);
  } else {
    before_ = std::exchange(detail::current.context, kept_.map_);
  }
}

ContextScope::~ContextScope() {
  // A coroutine that is dropped unwinds in somebody else's code: there is nothing to put back then.
  if (task_ != detail::current.task) return;
  if (task_) {
    std::swap(task_->context(), kept_);
  } else {
    detail::current.context = before_;
  }
}

}  // namespace torc
