#include <torc/testing/scripted_stream.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/tasks.hpp>
#include <torc/async/timing.hpp>

#include <cstdio>
#include <utility>

namespace torc::testing {

namespace {

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    char code[8];
    if (c == '\r') {
      result += "\\r";
    } else if (c == '\n') {
      result += "\\n";
    } else if (c >= ' ' && c < 0x7f) {
      result += c;
    } else {
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned char>(c));
      result += code;
    }
  }
  return result + "\"";
}

// Why an operation failed. When the time is over it is finished() that says what was missing.
std::string why(const Failure& failure) {
  if (failure.check<Cancelled>()) failure.raise();
  return failure.message();
}

}  // namespace

ScriptedStream& ScriptedStream::expect(std::string text, std::source_location where) {
  steps_.push_back({Kind::kExpect, std::move(text), 0, where});
  return *this;
}
ScriptedStream& ScriptedStream::answer(std::string text, std::size_t split, std::source_location where) {
  steps_.push_back({Kind::kAnswer, std::move(text), split == 0 ? 1 : split, where});
  return *this;
}
ScriptedStream& ScriptedStream::expect_end(std::source_location where) {
  steps_.push_back({Kind::kExpectEnd, {}, 0, where});
  return *this;
}
ScriptedStream& ScriptedStream::end(std::source_location where) {
  steps_.push_back({Kind::kEnd, {}, 0, where});
  return *this;
}
ScriptedStream& ScriptedStream::abort(std::source_location where) {
  steps_.push_back({Kind::kAbort, {}, 0, where});
  return *this;
}

Stream ScriptedStream::stream() {
  auto [theirs, ours] = connected_pair(options_);
  stream_.emplace(std::move(ours));
  playing_ = play(*stream_);
  return std::move(theirs);
}

Deferred<void> ScriptedStream::finished(Duration limit) {
  auto outcome = co_await as_outcome(with_timeout(limit, std::move(playing_)));
  if (outcome) co_return;
  if (!outcome.error().check<TimeoutError>()) co_await raise(std::move(outcome).error());
  fail("nothing but " + quoted(seen_) + " came");
}

void ScriptedStream::fail(const std::string& instead) const {
  static constexpr const char* kNames[] = {"expect ", "answer ", "expect the end", "end", "abort"};
  const Step& step = steps_[at_];
  const bool has_text = step.kind == Kind::kExpect || step.kind == Kind::kAnswer;
  throw ScriptFailed("step " + std::to_string(at_ + 1) + ", " + kNames[static_cast<int>(step.kind)] +
                     (has_text ? quoted(step.text) : "") + " (" + torc::detail::place(step.where) + "): " + instead);
}

Deferred<void> ScriptedStream::play(Stream& stream) {
  Failure failure{Cancelled()};
  try {
    for (at_ = 0; at_ < steps_.size(); ++at_) co_await play(stream, steps_[at_]);
    at_ = steps_.empty() ? 0 : steps_.size() - 1;
    co_return;
  } catch (...) {
    failure = Failure::current();
  }
  stream.abort();
  co_await raise(std::move(failure));
}

Deferred<void> ScriptedStream::play(Stream& stream, const Step& step) {
  seen_.clear();
  switch (step.kind) {
    case Kind::kExpect:
      while (seen_.size() < step.text.size()) {
        auto byte = co_await as_outcome(stream.read_exactly(1));
        if (!byte) fail("got " + quoted(seen_) + ", then: " + why(byte.error()));
        seen_ += *byte;
        if (step.text.starts_with(seen_)) continue;
        // What else is there says more than the first byte that differs.
        auto rest = stream.read_some();
        if (!rest.pending()) {
          auto more = co_await as_outcome(std::move(rest));
          if (more && *more) seen_ += (*more)->view();
        }
        fail("got " + quoted(seen_));
      }
      co_return;
    case Kind::kAnswer:
      for (std::size_t at = 0; at < step.text.size(); at += step.split) {
        if (at > 0) co_await sleep(Duration::zero());
        const auto piece = std::string_view(step.text).substr(at, step.split);
        auto sent = co_await as_outcome(stream.write(piece));
        if (!sent) fail(why(sent.error()));
      }
      co_return;
    case Kind::kExpectEnd: {
      auto got = co_await as_outcome(stream.read_some());
      if (!got) fail(why(got.error()));
      if (*got) fail("got " + quoted((*got)->view()));
      co_return;
    }
    case Kind::kEnd:
      stream.shutdown_write();
      co_return;
    case Kind::kAbort:
      stream.abort();
      co_return;
  }
}

}  // namespace torc::testing
