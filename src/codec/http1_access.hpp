/// The one door into the private members of Fields and of the heads, for the parsers of this codec.
#pragma once

#include <torc/codec/http1_head.hpp>

namespace torc::codec::http1::detail {

struct Access {
  using Entry = Fields::Entry;

  static std::string& bytes(Fields& fields) noexcept { return fields.bytes_; }
  static const std::string& bytes(const Fields& fields) noexcept { return fields.bytes_; }
  static std::vector<Entry>& entries(Fields& fields) noexcept { return fields.entries_; }
  static Fields& fields(Head& head) noexcept { return head.fields_; }

  static void set_minor(Head& head, unsigned minor) noexcept { head.minor_ = minor & 1; }
  static void set_framing(Head& head, Framing framing) noexcept {
    head.framing_ = static_cast<std::uint8_t>(framing) & 3;
  }
  static void set_length(Head& head, std::uint64_t bytes) noexcept {
    head.has_length_ = 1;
    head.content_length_ = bytes;
  }
  static void set_close(Head& head) noexcept { head.close_ = 1; }
  static void set_persist(Head& head) noexcept { head.persist_ = 1; }
  static void set_upgrade(Head& head, bool on) noexcept { head.upgrade_ = on; }
  static void set_expect_continue(Head& head, bool on) noexcept { head.expect_continue_ = on; }

  static std::uint16_t& host_field(RequestHead& head) noexcept { return head.host_field_; }
  static void set_request_line(RequestHead& head, std::size_t method, std::size_t target) noexcept {
    head.method_size_ = static_cast<std::uint8_t>(method);
    head.target_size_ = static_cast<std::uint32_t>(target);
  }
  static void set_status_line(ResponseHead& head, unsigned status, std::size_t reason) noexcept {
    head.status_ = static_cast<std::uint16_t>(status);
    head.reason_size_ = static_cast<std::uint32_t>(reason);
  }
};

}  // namespace torc::codec::http1::detail
