#include <torc/net/traffic_log.hpp>

#include <algorithm>
#include <utility>

namespace torc {

namespace {

std::string hex(std::string_view data) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(data.size() * 3);
  for (const char c : data) {
    if (!text.empty()) text += ' ';
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

}  // namespace

void TrafficLog::say(const std::string& what) noexcept {
  log::write({options_.level, "net", what, {}, {}, std::source_location::current()});
}

// Memory for a message may run out; the connection goes on without it.
void TrafficLog::show(const char* way, std::string_view data) noexcept {
  if (!log::enabled(options_.level) || left_ == 0) return;
  const std::string_view shown = data.substr(0, std::min<std::uint64_t>(options_.at_once, left_));
  left_ -= shown.size();
  try {
    std::string text = peer_ + way + std::to_string(data.size()) + " bytes: ";
    options_.hex ? text += hex(shown) : text += shown;
    if (shown.size() < data.size()) text += " (" + std::to_string(data.size() - shown.size()) + " more)";
    if (left_ == 0) text += " (no more of this connection is shown)";
    say(text);
  } catch (const std::bad_alloc&) {
  }
}

void TrafficLog::connection_made() {
  peer_ = below().peer().str();
  if (log::enabled(options_.level)) say(peer_ + " | connected to " + below().local().str());
  up();
}

void TrafficLog::data_received(std::string_view data) {
  came_ += data.size();
  show(" > ", data);
  Layer::data_received(data);
}

void TrafficLog::end_received() {
  if (log::enabled(options_.level)) say(peer_ + " | sends no more");
  Layer::end_received();
}

void TrafficLog::write(std::string_view data) noexcept {
  went_ += data.size();
  show(" < ", data);
  Layer::write(data);
}

void TrafficLog::write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept {
  went_ += length;
  show(" < ", "a region of a file, " + std::to_string(length) + " bytes long");
  Layer::write_file(std::move(file), offset, length);
}

void TrafficLog::connection_lost(const Failure& reason) {
  if (log::enabled(options_.level)) {
    say(peer_ + " | " + reason.message() + "; " + std::to_string(came_) + " bytes came, " + std::to_string(went_) + " went");
  }
  Layer::connection_lost(reason);
}

}  // namespace torc
