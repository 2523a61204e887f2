// BackReference: a pointer to an owner that may die first.
//
// A guard, a permit or a result on its way knows whom to tell when it ends; the owner may be gone by
// then. The owner derives from Referenced and keeps its references in a list, so that its end makes
// them null. No allocation, no counting. One thread. Used by Lock, Semaphore, Condition, the queues, Channel and
// Cooperator.
#pragma once

#include <torc/base/intrusive_list.hpp>

#include <utility>

namespace torc::detail {

class Referenced;

/// The untyped half of a BackReference.
class ReferenceHook : public ListHook {
 protected:
  ReferenceHook() noexcept = default;
  ~ReferenceHook() = default;
  void refer_to(Referenced* owner) noexcept;

  Referenced* owner_ = nullptr;

 private:
  friend class Referenced;
};

/// An object that BackReferences point at.
class Referenced {
 public:
  Referenced(const Referenced&) = delete;
  Referenced& operator=(const Referenced&) = delete;

 protected:
  Referenced() noexcept = default;
  ~Referenced() { forget_references(); }
  /// Makes all references null. An owner whose members run others' destructors begins its own with this.
  void forget_references() noexcept {
    while (ReferenceHook* reference = references_.pop_front()) reference->owner_ = nullptr;
  }

 private:
  friend class ReferenceHook;
  IntrusiveList<ReferenceHook> references_;
};

inline void ReferenceHook::refer_to(Referenced* owner) noexcept {
  unlink();
  owner_ = owner;
  if (owner) owner->references_.push_back(*this);
}

/// Points at an Owner, which derives from Referenced, or is null. Move-only.
template <class Owner>
class BackReference final : public ReferenceHook {
 public:
  BackReference() noexcept = default;
  explicit BackReference(Owner& owner) noexcept { refer_to(&owner); }
  BackReference(BackReference&& other) noexcept { refer_to(other.release()); }
  BackReference& operator=(BackReference&& other) noexcept {
    refer_to(other.release());
    return *this;
  }

  Owner* get() const noexcept { return static_cast<Owner*>(owner_); }
  /// get(), and null from now on.
  Owner* release() noexcept {
    unlink();
    return static_cast<Owner*>(std::exchange(owner_, nullptr));
  }
};

}  // namespace torc::detail
