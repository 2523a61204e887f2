#include <torc/base/traceback.hpp>

#include "base/function_name.hpp"
#include "base/stack_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace torc {

struct Traceback::Raw {
  std::size_t count = 0;
  std::array<void*, kMaxFrames> addresses;
};

Traceback::Traceback(std::span<void* const> addresses) {
  if (addresses.empty()) return;
  auto raw = std::make_shared<Raw>();
  raw->count = std::min(addresses.size(), kMaxFrames);
  std::ranges::copy(addresses.first(raw->count), raw->addresses.begin());
  raw_ = std::move(raw);
}

[[gnu::noinline]] Traceback Traceback::here(std::size_t skip) {
  std::array<void*, kMaxFrames> addresses;
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const std::size_t count = detail::walk_stack(addresses.data(), addresses.size(), frame);
  const std::span<void* const> all(addresses.data(), count);
  return Traceback(all.subspan(std::min(skip, count)));
}

std::span<void* const> Traceback::addresses() const noexcept {
  return raw_ ? std::span<void* const>(raw_->addresses.data(), raw_->count) : std::span<void* const>();
}

std::vector<Frame> Traceback::frames() const { return detail::symbolise(addresses()); }

std::string Traceback::text(bool everything) const {
  const std::vector<Frame> all = frames();
  everything = everything || std::ranges::all_of(all, &Frame::machinery);
  std::string text;
  for (const Frame& frame : all) {
    if (frame.machinery && !everything) continue;
    if (!text.empty()) text += '\n';
    text += frame.text();
  }
  return text;
}

std::string Frame::name() const { return detail::plain_name(function); }

std::string Frame::text() const {
  const std::string who = function.empty() ? std::string("an unnamed function") : name();
  if (line != 0) return fmt::format("{} ({}:{})", who, file, line);
  const std::string where = std::filesystem::path(module).filename();
  return function.empty() ? fmt::format("{} ({} at {:#x})", who, where, address) : fmt::format("{} (in {})", who, where);
}

}  // namespace torc
