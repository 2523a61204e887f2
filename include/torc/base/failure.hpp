// Failure: an error as a value.
//
// What a Deferred carries when it did not succeed: the exception object, where it was thrown or made, what
// waited for it on its way, notes about what was being done, and failures that came second. It is one
// pointer, counted atomically, so it may be copied, kept and moved between threads freely. Looking inside
// (`check`, `get`) never throws.
#pragma once

#include <torc/base/compiler.hpp>

#include <exception>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace torc {

class Traceback;

class Failure {
 public:
  /// A failure holding `error`, made without throwing it.
  template <class E>
    requires(!std::is_same_v<std::decay_t<E>, Failure> && !std::is_same_v<std::decay_t<E>, std::exception_ptr>)
  explicit Failure(E&& error, std::source_location origin = std::source_location::current())
      : Failure(std::make_exception_ptr(std::forward<E>(error)), origin) {}

  /// A failure holding the exception `error` points to, which must not be null.
  explicit Failure(std::exception_ptr error, std::source_location origin = std::source_location::current());

  /// The exception being handled. Only inside a catch block.
  static Failure current(std::source_location origin = std::source_location::current()) {
    return Failure(std::current_exception(), origin);
  }

  /// As current(), for code that an error leaves on its way to who waits: adds the wait at `where` when the
  /// error came from one, else takes `where` for its origin.
  static Failure passing(const std::source_location& where, const char* how);

  Failure(const Failure& other) noexcept : data_(other.data_) { retain(data_); }
  Failure(Failure&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
  Failure& operator=(Failure other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  ~Failure() {
    if (data_) release(data_);
  }

  /// True when the error is one of `E...` or derived from one. Never throws.
  template <class... E>
  bool check() const noexcept {
    return ((match(typeid(E)) != nullptr) || ...);
  }

  /// The error as an `E`, or null when it is something else. Never throws; owned by this failure.
  template <class E>
  const E* get() const noexcept {
    return static_cast<const E*>(match(typeid(E)));
  }

  /// Does nothing when the error is one of `E...`; throws the original error otherwise.
  template <class... E>
  void trap() const {
    if (!check<E...>()) raise();
  }

  /// Throws the original error. Where it is caught and made a Failure again (as a coroutine does that it
  /// leaves), that is this failure, notes and all.
  [[noreturn]] void raise() const;

  /// The error as an exception_ptr.
  std::exception_ptr exception() const noexcept;

  /// One line: the notes, outermost first, then the error's own message.
  std::string message() const;

  /// The error's type, readable ("torc::TimeoutError").
  std::string type_name() const;

  /// Where the failure was made. For an error that was thrown, traceback() knows better.
  const std::source_location& origin() const noexcept;

  /// The calls that led to the throw; empty for what was made without one, or while tracebacks were off.
  const Traceback& traceback() const noexcept;

  /// Adds what was being done when it failed ("while connecting to ..."). Copies of this failure made
  /// earlier do not see the note.
  Failure& note(std::string_view doing);

  /// Adds that somebody waited for this at `where` ("co_await", "then") and now has the failure. Called as
  /// it passes a coroutine or a stage. The first 16 and the last 16 are kept. Line 0 adds nothing.
  Failure& waited(const std::source_location& where, const char* how);

  /// Attaches a failure that came after this one and would otherwise be lost.
  Failure& suppress(Failure later);

  /// Several lines for a person: notes, message and type; where it was thrown and by whom that was called, or
  /// where it was made; who waited for it, inside out; then suppressed failures. Reading the program's debug
  /// information for the first report of a process takes milliseconds.
  std::string report() const;

  struct Data;

 private:
  friend struct FailureSlot;
  struct Story;
  Failure() noexcept = default;
  Story& story();
  const void* match(const std::type_info& type) const noexcept;
  static void retain(Data* data) noexcept;
  static void release(Data* data) noexcept;
  void make_unique();

  Data* data_ = nullptr;
};

/// Room for a Failure that may not be there: the error half of results. One pointer.
struct FailureSlot {
  FailureSlot() noexcept = default;
  FailureSlot(Failure failure) noexcept : failure(std::move(failure)) {}  // NOLINT: a slot is a Failure or nothing
  explicit operator bool() const noexcept { return failure.data_ != nullptr; }
  /// Empties the slot, which must be full.
  Failure take() noexcept { return std::move(failure); }

  Failure failure{};
};

}  // namespace torc
