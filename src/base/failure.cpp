#include <torc/base/failure.hpp>

#include <torc/base/errors.hpp>

#include <cxxabi.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace torc {

struct Failure::Data {
  std::atomic<unsigned> references{1};
  std::exception_ptr error;
  std::source_location origin;
  std::vector<std::string> notes;  // innermost first
  std::vector<Failure> suppressed;
};

namespace {

std::string demangled(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                    std::free);
  return status == 0 ? std::string(name.get()) : std::string(type.name());
}

// An exception_ptr is one pointer to the thrown object (Itanium C++ ABI, libstdc++ and libc++ alike).
void* object_of(const std::exception_ptr& error) noexcept {
  static_assert(sizeof(std::exception_ptr) == sizeof(void*));
  void* object;
  std::memcpy(&object, &error, sizeof object);
  return object;
}

// What raise() threw last on this thread: the handler that makes a Failure of it again gets this one,
// with its origin, its notes and what was suppressed.
thread_local FailureSlot raised;

}  // namespace

Failure::Failure(std::exception_ptr error, std::source_location origin) {
  if (!error) detail::misuse("a Failure was made without an exception");
  if (raised && raised.failure.data_->error == error) {
    data_ = std::exchange(raised.failure.data_, nullptr);
    return;
  }
  data_ = new Data{.error = std::move(error), .origin = origin, .notes = {}, .suppressed = {}};
}

const void* Failure::match(const std::type_info& type) const noexcept {
  if (!data_) return nullptr;
  void* object = object_of(data_->error);
  // The same question the unwinder asks of a catch clause, without unwinding.
  return type.__do_catch(data_->error.__cxa_exception_type(), &object, 1) ? object : nullptr;
}

void Failure::raise() const {
  if (!data_) detail::misuse("an empty (moved-from) Failure was raised");
  raised = *this;
  std::rethrow_exception(data_->error);
}

std::exception_ptr Failure::exception() const noexcept { return data_ ? data_->error : nullptr; }

std::string Failure::message() const {
  if (!data_) return "no failure";
  std::string text;
  for (auto note = data_->notes.rbegin(); note != data_->notes.rend(); ++note) text += *note + ": ";
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
  return data_ ? demangled(*data_->error.__cxa_exception_type()) : std::string("none");
}

const std::source_location& Failure::origin() const noexcept { return data_->origin; }

Failure& Failure::note(std::string_view doing) {
  make_unique();
  data_->notes.emplace_back(doing);
  return *this;
}

Failure& Failure::suppress(Failure later) {
  make_unique();
  data_->suppressed.push_back(std::move(later));
  return *this;
}

std::string Failure::report() const {
  if (!data_) return "no failure";
  std::string text = message() + " (" + type_name() + ")";
  if (const auto& origin = data_->origin; origin.line() != 0) {
    text += std::string("\n  at ") + origin.function_name() + " (" + origin.file_name() + ":" +
            std::to_string(origin.line()) + ")";
  }
  for (const auto& later : data_->suppressed) {
    text += "\n  suppressed: ";
    for (const char c : later.report()) {
      text += c;
      if (c == '\n') text += "  ";
    }
  }
  return text;
}

void Failure::make_unique() {
  if (data_->references.load(std::memory_order_acquire) == 1) return;
  auto* copy = new Data{
      .error = data_->error, .origin = data_->origin, .notes = data_->notes, .suppressed = data_->suppressed};
  release(std::exchange(data_, copy));
}

void Failure::retain(Data* data) noexcept {
  if (data) data->references.fetch_add(1, std::memory_order_relaxed);
}

void Failure::release(Data* data) noexcept {
  if (data->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete data;
}

}  // namespace torc
