// Int8StringProtocol, Int16StringProtocol, Int32StringProtocol: strings behind their length; NetstringProtocol: "5:hello,".
//
//   class Jobs : public torc::framing::Int32StringProtocol {
//     void string_received(std::string_view job) override { send_string(done(job)).value(); }
//   };
#pragma once

#include <torc/base/outcome.hpp>
#include <torc/codec/length_prefixed.hpp>
#include <torc/codec/netstring.hpp>
#include <torc/framing/framed_protocol.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace torc::framing {

class PrefixedStringProtocol : public FramedProtocol {
 public:
  /// A string came; valid during the call only.
  virtual void string_received(std::string_view string) = 0;
  /// A string of `length` bytes was announced, which is more than the limit. The default aborts the connection; without
  /// that the string is passed over.
  virtual void string_too_long(std::uint64_t length) {
    static_cast<void>(length);
    transport().abort();
  }

  /// Sends `string`. Fails with FramingError, and sends nothing, when its length does not fit the prefix.
  Outcome<void> send_string(std::string_view string);

  /// True when a string has begun and not ended; at the end of the connection that says it was cut.
  bool partial() const noexcept { return reader_.partial(); }

 protected:
  PrefixedStringProtocol(codec::Prefix prefix, std::size_t limit) noexcept : reader_(prefix, limit) {}

 private:
  bool take(std::string_view& input) override;

  codec::PrefixedReader reader_;
};

class Int8StringProtocol : public PrefixedStringProtocol {
 public:
  explicit Int8StringProtocol(std::size_t limit = 255) noexcept : PrefixedStringProtocol(codec::Prefix::k8, limit) {}
};
class Int16StringProtocol : public PrefixedStringProtocol {
 public:
  explicit Int16StringProtocol(std::size_t limit = 65535) noexcept : PrefixedStringProtocol(codec::Prefix::k16, limit) {}
};
class Int32StringProtocol : public PrefixedStringProtocol {
 public:
  explicit Int32StringProtocol(std::size_t limit = 64 * 1024) noexcept : PrefixedStringProtocol(codec::Prefix::k32, limit) {}
};

class NetstringProtocol : public FramedProtocol {
 public:
  explicit NetstringProtocol(std::size_t limit = 64 * 1024) noexcept : reader_(limit) {}

  /// A string came; valid during the call only.
  virtual void string_received(std::string_view string) = 0;
  /// What comes is no netstring, or one above the limit (kTooLong). The connection is aborted after this, if it does not
  /// close it.
  virtual void netstring_broken(codec::Framed how) { static_cast<void>(how); }

  void send_string(std::string_view string);

  /// True when a string has begun and not ended; at the end of the connection that says it was cut.
  bool partial() const noexcept { return reader_.partial(); }

 private:
  bool take(std::string_view& input) override;

  codec::NetstringReader reader_;
};

}  // namespace torc::framing
