// Progress: a line a download, redrawn in place on a terminal.
//
//   a.iso      [=========>            ]  41%   287.3 MB  12.1 MB/s
//   b.txt                              done     1.2 kB
//
// As wide as the terminal is at that moment; more downloads than it has lines share one line. The cursor
// is hidden meanwhile and shown again by the destructor. Belongs to its reactor's thread.
#pragma once

#include <torc/base/time.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::cli {

class Progress {
 public:
  enum class State : std::uint8_t { kWaiting, kRunning, kDone, kFailed };
  struct Line {
    std::string name;
    std::uint64_t received = 0;
    std::optional<std::uint64_t> total = {};
    State state = State::kWaiting;
    // Of the drawing: what was there at the last one, and bytes a second since.
    std::uint64_t seen = 0;
    double rate = 0;
  };

  /// Draws on the descriptor `terminal` when it is a terminal and `wanted`; otherwise only keeps count.
  Progress(int terminal, bool wanted, std::vector<Line> lines);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  bool visible() const noexcept { return visible_; }
  Line& line(std::size_t index) noexcept { return lines_[index]; }
  void draw(Instant now);
  /// Writes a line of text, which stays, above the next drawing.
  void say(std::string_view text);

 private:
  std::string summary() const;
  void put(std::string_view text) noexcept;

  int terminal_;
  bool visible_;
  std::vector<Line> lines_;
  std::size_t drawn_ = 0;  // lines above the cursor that are ours
  std::optional<Instant> last_;
};

}  // namespace torc::cli
