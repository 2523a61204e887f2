#include <torc/codec/http1_head.hpp>

#include "codec/http1_access.hpp"
#include "codec/http1_target.hpp"

namespace torc::codec::http1 {

namespace {

// "HTTP/1.1 200 " lies before the reason.
constexpr std::size_t kReasonOffset = 13;

std::string_view block(const Fields& fields) noexcept { return detail::Access::bytes(fields); }

}  // namespace

void Head::clear_head() noexcept {
  fields_.clear();
  content_length_ = 0;
  minor_ = framing_ = has_length_ = close_ = persist_ = upgrade_ = expect_continue_ = 0;
}

std::string_view RequestHead::method() const noexcept { return block(fields_).substr(0, method_size_); }

std::string_view RequestHead::target() const noexcept {
  return target_size_ == 0 ? std::string_view() : block(fields_).substr(method_size_ + 1u, target_size_);
}

std::string_view RequestHead::path() const noexcept {
  if (method() == "CONNECT") return {};
  const auto [authority, rest] = detail::split_absolute(target());
  const std::string_view path = rest.substr(0, rest.find('?'));
  return path.empty() && !authority.empty() ? "/" : path;
}

std::string_view RequestHead::query() const noexcept {
  const std::string_view whole = target();
  const std::size_t mark = whole.find('?');
  return mark == std::string_view::npos ? std::string_view() : whole.substr(mark + 1);
}

std::string_view RequestHead::host() const noexcept {
  const std::string_view whole = target();
  if (method() == "CONNECT") return whole;
  if (const std::string_view authority = detail::split_absolute(whole).authority; !authority.empty()) return authority;
  return host_field_ == 0 ? std::string_view() : fields_[host_field_ - 1u].value;
}

void RequestHead::clear() noexcept {
  clear_head();
  method_size_ = 0;
  host_field_ = 0;
  target_size_ = 0;
}

std::string_view ResponseHead::reason() const noexcept {
  return reason_size_ == 0 ? std::string_view() : block(fields_).substr(kReasonOffset, reason_size_);
}

void ResponseHead::clear() noexcept {
  clear_head();
  status_ = 0;
  reason_size_ = 0;
}

}  // namespace torc::codec::http1
