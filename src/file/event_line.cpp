#include "file/event_line.hpp"

#include <algorithm>
#include <utility>

namespace torc::file {

EventLine::EventLine(std::size_t limit, std::string root)
    : limit_(std::max<std::size_t>(limit, 1)), root_(std::move(root)) {}

bool EventLine::has_room(std::size_t ahead) {
  const std::size_t waiting = places_.size() + ahead;
  if (lost_ && waiting > 0) return false;
  lost_ = waiting >= limit_;
  if (lost_) places_.push_back({Event{.change = Change::kOverflow, .path = root_}});
  return !lost_;
}

void EventLine::add(Event event, std::size_t ahead) {
  if (event.change == Change::kGone || has_room(ahead)) places_.push_back({std::move(event)});
}

void EventLine::add_half(Event event, std::uint32_t cookie, Instant now, std::size_t ahead) {
  if (has_room(ahead)) places_.push_back({std::move(event), cookie, now});
}

bool EventLine::join(std::uint32_t cookie, std::string to) {
  const auto half = std::ranges::find(places_, cookie, &Place::cookie);
  if (cookie == 0 || half == places_.end()) return false;
  half->cookie = 0;
  half->event.change = Change::kRenamed;
  half->event.from = std::exchange(half->event.path, std::move(to));
  return true;
}

void EventLine::close_halves(Instant moment) noexcept {
  for (auto& place : places_) {
    if (place.since <= moment) place.cookie = 0;
  }
}

std::optional<Instant> EventLine::first_half() const noexcept {
  for (const auto& place : places_) {
    if (place.cookie != 0) return place.since;
  }
  return std::nullopt;
}

std::optional<Event> EventLine::take() {
  if (places_.empty() || places_.front().cookie != 0) return std::nullopt;
  Event event = std::move(places_.front().event);
  places_.pop_front();
  return event;
}

}  // namespace torc::file
