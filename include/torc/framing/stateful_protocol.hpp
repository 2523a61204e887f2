// StatefulProtocol: a protocol that says how many bytes it wants next, and what is to get them.
//
//   class Records : public torc::framing::StatefulProtocol<Records> {
//     void connection_made() override { expect(4, &Records::header); }
//     void header(std::string_view bytes) { expect(number(bytes), &Records::content); }
//     void content(std::string_view bytes) { ...; expect(4, &Records::header); }
//   };
//
// A state that expects nothing new comes again. One that expects 0 bytes is called with none.
#pragma once

#include <torc/codec/framing.hpp>
#include <torc/framing/framed_protocol.hpp>

#include <cstddef>
#include <string_view>

namespace torc::framing {

/// The part of StatefulProtocol that does not know its states.
class CountedProtocol : public FramedProtocol {
 public:
  /// True when some of the bytes that are expected have come; at the end of the connection that says it was cut.
  bool partial() const noexcept { return begun_; }

 protected:
  explicit CountedProtocol(std::size_t limit) noexcept : limit_(limit) {}
  /// Throws FramingError above the limit, which, left alone, aborts the connection before memory is taken.
  void expect(std::size_t count);
  /// The bytes that were expected; valid during the call only.
  virtual void arrived(std::string_view bytes) = 0;

 private:
  bool take(std::string_view& input) override;

  codec::ByteCollector collector_;
  std::size_t limit_;
  std::size_t count_ = 0;
  bool expecting_ = false;  // the collector knows count_
  bool begun_ = false;
  bool any_ = false;  // a state was named
};

template <class Self>
class StatefulProtocol : public CountedProtocol {
 protected:
  using State = void (Self::*)(std::string_view bytes);

  /// No state may expect more than `limit` bytes.
  explicit StatefulProtocol(std::size_t limit = 64 * 1024) noexcept : CountedProtocol(limit) {}

  /// The next `count` bytes go to `state`. Throws FramingError above the limit, which, left alone, aborts the connection.
  void expect(std::size_t count, State state) {
    CountedProtocol::expect(count);
    state_ = state;
  }

 private:
  void arrived(std::string_view bytes) final { (static_cast<Self&>(*this).*state_)(bytes); }

  State state_ = nullptr;
};

}  // namespace torc::framing
