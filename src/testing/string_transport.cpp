#include <torc/testing/string_transport.hpp>

#include <torc/base/errors.hpp>

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace torc::testing {

void StringTransport::feed(std::string_view data, std::size_t split) {
  kept_ += data;
  while (!kept_.empty() && reading_ && protocol_ && !over()) {
    const std::string piece = kept_.substr(0, std::max<std::size_t>(split, 1));
    kept_.erase(0, piece.size());
    protocol_->data_received(piece);
  }
}

void StringTransport::end() {
  if (protocol_ && !over()) protocol_->end_received();
}

void StringTransport::lose() { lose(aborted_ ? Failure(ConnectionAborted()) : Failure(ConnectionDone())); }

void StringTransport::lose(const Failure& reason) {
  if (std::exchange(lost_, true)) return;
  if (protocol_) protocol_->connection_lost(reason);
  destroy_protocol();
}

void StringTransport::set_full(bool full) {
  if (std::exchange(full_, full) == full || !protocol_) return;
  full ? protocol_->pause_writing() : protocol_->resume_writing();
}

std::string StringTransport::take_written() { return std::exchange(written_, {}); }

void StringTransport::write(std::string_view data) noexcept {
  if (over() || half_closed_ || data.empty()) return;
  written_ += data;
  corks_ > 0 ? void(gathered_ = true) : void(++sends_);
}

void StringTransport::write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept {
  std::string contents(length, '\0');
  const auto got = ::pread(file.get(), contents.data(), length, static_cast<off_t>(offset));
  // As the real ones do: a message that is too short is no message.
  if (got < 0 || static_cast<std::uint64_t>(got) < length) return abort();
  write(contents);
}

void StringTransport::protocol_started() {
  reading_ = true;
  protocol_->connection_made();
}

void StringTransport::end_cork() noexcept {
  if (--corks_ == 0 && std::exchange(gathered_, false)) ++sends_;
}

}  // namespace torc::testing
