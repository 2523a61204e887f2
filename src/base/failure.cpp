#include <torc/base/failure.hpp>

#include "base/failure_report.hpp"
#include "base/function_name.hpp"

#include <torc/base/errors.hpp>
#include <torc/base/traceback.hpp>

#include <atomic>
#include <cstring>
#include <memory>
#include <vector>

namespace torc {

// What most failures do not have.
struct Failure::Story {
  std::vector<std::string> notes;  // innermost first
  std::vector<Failure> suppressed;
  detail::WaitChain waits;
};

struct Failure::Data {
  std::atomic<unsigned> references{1};
  std::exception_ptr error;
  std::source_location origin;
  Traceback traceback;
  std::unique_ptr<Story> story;
};

namespace {

// An exception_ptr is one pointer to the thrown object (Itanium C++ ABI, libstdc++ and libc++ alike).
void* object_of(const std::exception_ptr& error) noexcept {
  static_assert(sizeof(std::exception_ptr) == sizeof(void*));
  void* object;
  std::memcpy(&object, &error, sizeof object);
  return object;
}

// What raise() threw last on this thread: the handler that makes a Failure of it again gets this one,
// with its origin, its notes and what was suppressed. It may be asked for after the thread's other
// objects are gone, so it has no destructor; the thread's end empties it.
struct Raised {
  Failure::Data* data = nullptr;
  bool closed = false;
};
constinit thread_local Raised raised;

}  // namespace

Failure::Failure(std::exception_ptr error, std::source_location origin) {
  if (!error) detail::misuse("a Failure was made without an exception");
  if (raised.data && raised.data->error == error) {
    data_ = std::exchange(raised.data, nullptr);
    return;
  }
  Traceback traceback = detail::traceback_of_throw(object_of(error), error.__cxa_exception_type());
  data_ = new Data{.error = std::move(error), .origin = origin, .traceback = std::move(traceback), .story = nullptr};
}

Failure Failure::passing(const std::source_location& where, const char* how) {
  std::exception_ptr error = std::current_exception();
  const bool came_from_a_wait = raised.data && raised.data->error == error;
  Failure failure(std::move(error), where);
  if (came_from_a_wait) failure.waited(where, how);
  return failure;
}

const void* Failure::match(const std::type_info& type) const noexcept {
  if (!data_) return nullptr;
  void* object = object_of(data_->error);
  // The same question the unwinder asks of a catch clause, without unwinding.
  return type.__do_catch(data_->error.__cxa_exception_type(), &object, 1) ? object : nullptr;
}

void Failure::raise() const {
  if (!data_) detail::misuse("an empty (moved-from) Failure was raised");
  struct AtThreadEnd {
    ~AtThreadEnd() {
      raised.closed = true;
      if (raised.data) release(std::exchange(raised.data, nullptr));
    }
  };
  if (!raised.closed) {
    static thread_local const AtThreadEnd at_thread_end;
    retain(data_);
    if (Data* const before = std::exchange(raised.data, data_)) release(before);
  }
  std::rethrow_exception(data_->error);
}

std::exception_ptr Failure::exception() const noexcept { return data_ ? data_->error : nullptr; }

std::string Failure::message() const {
  if (!data_) return "no failure";
  std::string text;
  if (data_->story) {
    const auto& notes = data_->story->notes;
    for (auto note = notes.rbegin(); note != notes.rend(); ++note) text += *note + ": ";
  }
  if (const auto* error = get<std::exception>()) {
    text += error->what();
  } else if (check<Cancelled>()) {
    text += "cancelled";
  } else {
    text += type_name();
  }
  return text;
}

std::string Failure::type_name() const {
  return data_ ? detail::demangled_name(data_->error.__cxa_exception_type()->name()) : std::string("none");
}

const std::source_location& Failure::origin() const noexcept { return data_->origin; }

const Traceback& Failure::traceback() const noexcept {
  static const Traceback none;
  return data_ ? data_->traceback : none;
}

Failure& Failure::note(std::string_view doing) {
  story().notes.emplace_back(doing);
  return *this;
}

Failure& Failure::waited(const std::source_location& where, const char* how) {
  if (where.line() != 0 && data_) story().waits.add({where, how});
  return *this;
}

Failure& Failure::suppress(Failure later) {
  story().suppressed.push_back(std::move(later));
  return *this;
}

std::string Failure::report() const {
  if (!data_) return "no failure";
  std::string text = message() + " (" + type_name() + ")";
  detail::append_origin(text, data_->traceback, data_->origin);
  if (!data_->story) return text;
  data_->story->waits.append(text);
  for (const auto& later : data_->story->suppressed) {
    text += "\n  suppressed: ";
    for (const char c : later.report()) {
      text += c;
      if (c == '\n') text += "  ";
    }
  }
  return text;
}

// Only ours to change: copies made earlier keep what they had.
Failure::Story& Failure::story() {
  if (data_->references.load(std::memory_order_acquire) != 1) {
    auto* copy = new Data{.error = data_->error,
                          .origin = data_->origin,
                          .traceback = data_->traceback,
                          .story = data_->story ? std::make_unique<Story>(*data_->story) : nullptr};
    release(std::exchange(data_, copy));
  }
  if (!data_->story) data_->story = std::make_unique<Story>();
  return *data_->story;
}

void Failure::retain(Data* data) noexcept {
  if (data) data->references.fetch_add(1, std::memory_order_relaxed);
}

void Failure::release(Data* data) noexcept {
  if (data->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete data;
}

}  // namespace torc
