#include <torc/http/body.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace torc::http {

namespace {

constexpr std::size_t kPiece = 64 * 1024;

}  // namespace

BodySource* Body::source() noexcept {
  auto* source = std::get_if<std::unique_ptr<BodySource>>(&content_);
  return source ? source->get() : nullptr;
}

std::optional<std::uint64_t> Body::length() const {
  if (const auto* text = std::get_if<std::string>(&content_)) return text->size();
  if (const auto* region = std::get_if<FileRegion>(&content_)) return region->length;
  return std::get<std::unique_ptr<BodySource>>(content_)->length();
}

Deferred<std::optional<Bytes>> Body::read_some() {
  if (auto* text = in_memory()) {
    if (text->empty()) return succeed(std::optional<Bytes>());
    Bytes all{std::string_view(*text)};
    text->clear();
    return succeed(std::optional<Bytes>(std::move(all)));
  }
  if (auto* region = in_file()) {
    if (region->length == 0) return succeed(std::optional<Bytes>());
    Bytes piece = Bytes::with_capacity(static_cast<std::size_t>(std::min<std::uint64_t>(region->length, kPiece)));
    const auto count = ::pread(region->file.get(), piece.data(), piece.capacity(), static_cast<off_t>(region->offset));
    if (count < 0) return fail<std::optional<Bytes>>(SystemError("reading a file", errno));
    if (count == 0) return fail<std::optional<Bytes>>(Error("a file became shorter while it was read"));
    piece.resize(static_cast<std::size_t>(count));
    region->offset += static_cast<std::uint64_t>(count);
    region->length -= static_cast<std::uint64_t>(count);
    return succeed(std::optional<Bytes>(std::move(piece)));
  }
  return source()->read_some();
}

Deferred<std::string> Body::text(std::size_t limit) {
  const auto too_large = [limit] {
    return Failure(BodyTooLarge("the content is larger than " + std::to_string(limit) + " bytes"));
  };
  if (const auto known = length(); known && *known > limit) co_return too_large();
  if (auto* whole = in_memory()) co_return std::move(*whole);
  std::string text;
  while (auto piece = co_await read_some()) {
    if (piece->size() > limit - text.size()) co_return too_large();
    text += *piece;
  }
  co_return text;
}

// Between a producing coroutine and the reader: holds at most the piece being handed over.
class BodyWriter::Pipe final : public BodySource {
 public:
  explicit Pipe(std::move_only_function<Deferred<void>(BodyWriter)> produce) : produce_(std::move(produce)) {}
  ~Pipe() override { *link_ = nullptr; }

  Deferred<std::optional<Bytes>> read_some() override {
    if (produce_) {
      auto produce = std::exchange(produce_, nullptr);
      // The end of the producer is told to whoever reads then.
      running_.emplace(produce(BodyWriter(link_)).then_outcome([this](Outcome<void> outcome) {
        ended_ = true;
        if (!outcome) failure_ = std::move(outcome).error();
        if (reader_) tell_end(*std::exchange(reader_, std::nullopt));
      }));
    }
    auto [deferred, promise] = make_deferred<std::optional<Bytes>>();
    if (piece_) {
      promise.set_value(std::exchange(piece_, std::nullopt));
      if (taken_) std::exchange(taken_, std::nullopt)->set_value();
    } else if (ended_) {
      tell_end(promise);
    } else {
      reader_ = std::move(promise);
    }
    return std::move(deferred);
  }

  Deferred<void> write(std::string_view piece) {
    if (piece.empty()) return succeed();
    if (piece_) return fail(Error("two writes at once on one body"));
    if (reader_ && reader_->wanted()) {
      std::exchange(reader_, std::nullopt)->set_value(std::optional<Bytes>(Bytes(piece)));
      return succeed();
    }
    piece_.emplace(piece);
    auto [deferred, promise] = make_deferred<void>();
    taken_ = std::move(promise);
    return std::move(deferred);
  }

 private:
  void tell_end(Promise<std::optional<Bytes>>& reader) {
    if (failure_) {
      reader.set_error(failure_.take());
    } else {
      reader.set_value(std::optional<Bytes>());
    }
  }
  void tell_end(Promise<std::optional<Bytes>>&& reader) { tell_end(reader); }

  std::move_only_function<Deferred<void>(BodyWriter)> produce_;  // until the first read
  std::optional<Bytes> piece_;                                   // written, not yet read
  std::optional<Promise<void>> taken_;
  std::optional<Promise<std::optional<Bytes>>> reader_;
  FailureSlot failure_;
  bool ended_ = false;
  std::shared_ptr<Pipe*> link_ = std::make_shared<Pipe*>(this);
  std::optional<Deferred<void>> running_;  // last: its coroutine uses the rest
};

Deferred<void> BodyWriter::write(std::string_view piece) {
  return *pipe_ ? (*pipe_)->write(piece) : fail(Failure(Cancelled{}));
}

Body produced_body(std::move_only_function<Deferred<void>(BodyWriter)> produce) {
  return Body(std::unique_ptr<BodySource>(std::make_unique<BodyWriter::Pipe>(std::move(produce))));
}

}  // namespace torc::http
