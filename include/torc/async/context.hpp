// Context: values that follow the flow of work, such as a trace id, a user, a deadline.
//
//   inline constexpr torc::ContextKey<std::string> kTraceId("trace id");
//
//   const torc::ContextScope scope(kTraceId, id);   // for everything begun from here on
//   const std::string* id = torc::Context::current().get(kTraceId);
//
// Whatever is begun inherits the context that is current: coroutines, stages, fibers, delayed and posted
// calls, calls from other threads, jobs of thread pools. It is immutable: a scope makes a new one, and
// who began earlier keeps the old. The empty context is a null pointer and costs nothing to inherit.
// Values are shared between threads, so reading them must be safe from any (semantics, rule 19).
#pragma once

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

namespace torc {

/// Names a value of a Context. Its address is its identity: define it once, `inline constexpr`, and
/// never pass copies around.
template <class T>
class ContextKey {
 public:
  explicit constexpr ContextKey(const char* name) noexcept : name_(name) {}
  ContextKey(const ContextKey&) = delete;
  ContextKey& operator=(const ContextKey&) = delete;
  constexpr const char* name() const noexcept { return name_; }

 private:
  const char* name_;
};

namespace detail {

class Operation;

/// The values, by the addresses of their keys. Few: found by looking at each.
struct ContextMap {
  struct Entry {
    const void* key;
    std::shared_ptr<const void> value;
  };

  const void* find(const void* key) const noexcept {
    for (const auto& entry : entries) {
      if (entry.key == key) return entry.value.get();
    }
    return nullptr;
  }

  std::atomic<unsigned> references{1};
  std::vector<Entry> entries;
};

}  // namespace detail

class Context {
 public:
  /// The empty one.
  Context() noexcept = default;
  Context(const Context& other) noexcept : Context(other.map_) {}
  Context(Context&& other) noexcept : map_(std::exchange(other.map_, nullptr)) {}
  Context& operator=(Context other) noexcept {
    std::swap(map_, other.map_);
    return *this;
  }
  ~Context() {
    if (map_) release(map_);
  }

  /// That of the coroutine, stage, fiber or call this thread is running.
  static inline Context current() noexcept;  // its body is in operation.hpp

  /// The value of `key`, or null. Lives as long as this context.
  template <class T>
  const T* get(const ContextKey<T>& key) const noexcept {
    return map_ ? static_cast<const T*>(map_->find(&key)) : nullptr;
  }

  /// This context with `value` for `key`, in place of an earlier one.
  template <class T, class U>
  [[nodiscard]] Context with(const ContextKey<T>& key, U&& value) const {
    return with(&key, std::make_shared<const T>(std::forward<U>(value)));
  }

  bool empty() const noexcept { return map_ == nullptr; }

 private:
  friend class ContextScope;
  explicit Context(detail::ContextMap* map) noexcept : map_(map) {
    if (map_) map_->references.fetch_add(1, std::memory_order_relaxed);
  }
  Context with(const void* key, std::shared_ptr<const void> value) const;
  static void release(detail::ContextMap* map) noexcept;

  detail::ContextMap* map_ = nullptr;
};

/// Makes a context current until its end, for the code it stands in: in a coroutine or a fiber also
/// across waits. Scopes end in the reverse order of their beginnings.
class [[nodiscard]] ContextScope {
 public:
  explicit ContextScope(Context context) noexcept;
  template <class T, class U>
  ContextScope(const ContextKey<T>& key, U&& value)
      : ContextScope(Context::current().with(key, std::forward<U>(value))) {}
  ~ContextScope();
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  detail::Operation* task_;       // whose code this stands in, or null
  Context kept_;                  // in a task the one before; outside the one that is current
  detail::ContextMap* before_{};  // outside a task
};

}  // namespace torc
