// EventLine: events in their order, with the halves of renames joined.
//
// The kernel tells "moved from" and "moved to" apart, with a number in common; others' events may lie between. A half
// waits in line for the other, and all behind it wait, too. The line is bounded: see WatchOptions::queue.
#pragma once

#include <torc/base/time.hpp>
#include <torc/file/watch.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace torc::file {

class EventLine {
 public:
  /// `limit` events at most; `root` is what a kOverflow is about.
  EventLine(std::size_t limit, std::string root);

  /// Joins the line. `ahead`: how many have left it and still wait to be taken. At the limit a kOverflow comes in its
  /// place, and nothing more until all is taken, but kGone.
  void add(Event event, std::size_t ahead);
  /// As add(), a first half: a kMovedOut that may become a kRenamed.
  void add_half(Event event, std::uint32_t cookie, Instant now, std::size_t ahead);
  /// The other half. False when the first is not in line.
  bool join(std::uint32_t cookie, std::string to);
  /// Halves that came by `moment` stay halves.
  void close_halves(Instant moment) noexcept;
  /// When the first half in line came.
  std::optional<Instant> first_half() const noexcept;
  /// The first, unless it is a half that waits.
  std::optional<Event> take();

 private:
  struct Place {
    Event event;
    std::uint32_t cookie = 0;  // 0: whole
    Instant since{};
  };
  bool has_room(std::size_t ahead);

  const std::size_t limit_;
  const std::string root_;
  std::deque<Place> places_;
  bool lost_ = false;
};

}  // namespace torc::file
