// ScriptedStream: a peer that expects these bytes and answers those.
//
//   testing::ScriptedStream server;
//   server.answer("220 ready\r\n").expect("QUIT\r\n").answer("221 bye\r\n", 1).end();
//   co_await client(server.stream());
//   co_await server.finished();       // throws: step 2, expect "QUIT\r\n" (smtp_test.cpp:9): got "HELP\r\n"
//
// The steps are played from stream() on, over a connection in memory on the current scheduler; one that fails cuts the
// connection. It must outlive the coroutine that waits in finished(). One thread.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/testing/memory_stream.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace torc::testing {

/// A step did not go as written: its number, what it is, where it was written, what happened instead.
class ScriptFailed : public Error {
 public:
  using Error::Error;
};

class ScriptedStream {
 public:
  explicit ScriptedStream(MemoryOptions options = {}) : options_(std::move(options)) {}

  /// The client sends exactly `text` next.
  ScriptedStream& expect(std::string text, std::source_location where = std::source_location::current());
  /// Sends `text`, at most `split` bytes in a turn.
  ScriptedStream& answer(std::string text, std::size_t split = SIZE_MAX,
                         std::source_location where = std::source_location::current());
  /// The client ends its direction, or all.
  ScriptedStream& expect_end(std::source_location where = std::source_location::current());
  /// Ends the own direction.
  ScriptedStream& end(std::source_location where = std::source_location::current());
  /// Cuts the connection.
  ScriptedStream& abort(std::source_location where = std::source_location::current());

  /// The client's end. Begins the play; asked for once, after the steps were written.
  Stream stream();
  /// Fires when the last step is done. Fails with ScriptFailed, also when that takes longer than `limit`.
  Deferred<void> finished(Duration limit = std::chrono::seconds(5));

 private:
  enum class Kind { kExpect, kAnswer, kExpectEnd, kEnd, kAbort };
  struct Step {
    Kind kind;
    std::string text;
    std::size_t split;
    std::source_location where;
  };
  Deferred<void> play(Stream& stream);
  Deferred<void> play(Stream& stream, const Step& step);
  [[noreturn]] void fail(const std::string& instead) const;

  MemoryOptions options_;
  std::vector<Step> steps_;
  std::size_t at_ = 0;    // the step that is played
  std::string seen_;      // of what it expects
  std::optional<Stream> stream_;
  Deferred<void> playing_ = succeed();
};

}  // namespace torc::testing
