#include <torc/framing/line_protocol.hpp>
#include <torc/framing/stateful_protocol.hpp>
#include <torc/framing/string_protocol.hpp>

#include "net/scripted_transport.hpp"

#include <torc/base/log.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace torc::framing {
namespace {

using namespace std::string_view_literals;

// What was called, and what is done in each call, which gets its number.
struct Script {
  std::string said;
  std::function<void(int)> act;
  int calls = 0;
  void say(std::string_view what) {
    said += what;
    if (act) act(++calls);
  }
};

class Lines : public LineProtocol {
 public:
  explicit Lines(Script& script, codec::LineFormat format = {}) : LineProtocol(std::move(format)), script_(script) {}
  void line_received(std::string_view line) override {
    if (line.starts_with("raw ")) read_raw(static_cast<std::uint64_t>(std::stoi(std::string(line.substr(4)))));
    script_.say("[" + std::string(line) + "]");
  }
  void raw_received(std::string_view data, std::uint64_t left) override {
    script_.say("{" + std::string(data) + (left == 0 ? "}" : "~"));
  }

 private:
  Script& script_;
};

class Strings : public Int16StringProtocol {
 public:
  explicit Strings(Script& script) : Int16StringProtocol(20), script_(script) {}
  void string_received(std::string_view string) override { script_.say("[" + std::string(string) + "]"); }

 private:
  Script& script_;
};

class Netstrings : public NetstringProtocol {
 public:
  explicit Netstrings(Script& script) : script_(script) {}
  void string_received(std::string_view string) override { script_.say("[" + std::string(string) + "]"); }
  void netstring_broken(codec::Framed) override { script_.say("?"); }

 private:
  Script& script_;
};

class Records : public StatefulProtocol<Records> {
 public:
  explicit Records(Script& script) : StatefulProtocol(20), script_(script) {}
  void connection_made() override { expect(1, &Records::length); }

 private:
  void length(std::string_view bytes) { expect(static_cast<std::size_t>(bytes[0] - '0'), &Records::content); }
  void content(std::string_view bytes) {
    if (bytes == "again") return script_.say("[again]");
    expect(1, &Records::length);
    script_.say("[" + std::string(bytes) + "]");
  }
  Script& script_;
};

struct Case {
  const char* name;
  std::unique_ptr<Protocol> (*make)(Script&);
  std::string_view stream;
  std::string_view said;
};
const Case kCases[] = {
    {"lines", [](Script& s) -> std::unique_ptr<Protocol> { return std::make_unique<Lines>(s); },
     "one\r\n\r\ntwo\r\nlast\r\n", "[one][][two][last]"},
    {"strings", [](Script& s) -> std::unique_ptr<Protocol> { return std::make_unique<Strings>(s); },
     "\0\3one\0\0\0\4last"sv, "[one][][last]"},
    {"netstrings", [](Script& s) -> std::unique_ptr<Protocol> { return std::make_unique<Netstrings>(s); },
     "3:one,0:,4:last,", "[one][][last]"},
    {"states", [](Script& s) -> std::unique_ptr<Protocol> { return std::make_unique<Records>(s); },
     "3one05againlast!", "[one][][again][last!]"},
};

class Framing : public ::testing::TestWithParam<Case> {
 protected:
  static ScriptedTransport* connected(std::unique_ptr<Protocol> protocol) {
    auto* transport = new ScriptedTransport;
    transport->start(std::move(protocol));
    return transport;
  }
  static FramedProtocol& framed(ScriptedTransport& transport) { return static_cast<FramedProtocol&>(*transport.protocol()); }
  testing::Clock clock_;
};

INSTANTIATE_TEST_SUITE_P(Of, Framing, ::testing::ValuesIn(kCases), [](const auto& info) { return info.param.name; });

TEST_P(Framing, IsTheSameAtEverySplit) {
  const auto& [name, make, stream, said] = GetParam();
  for (std::size_t at = 0; at <= stream.size(); ++at) {
    Script script;
    auto* transport = connected(make(script));
    transport->deliver(stream.substr(0, at));
    transport->deliver(stream.substr(at));
    EXPECT_EQ(script.said, said);
    transport->drop();
  }
  Script script;
  auto* transport = connected(make(script));
  for (const char c : stream) transport->deliver({&c, 1});
  EXPECT_EQ(script.said, said);
  EXPECT_EQ(transport->ended, "");
  transport->drop();
}

TEST_P(Framing, PausingStopsAtOnceAndResumingGoesOn) {
  const auto& [name, make, stream, said] = GetParam();
  Script script;
  auto* transport = connected(make(script));
  script.act = [&](int) { framed(*transport).pause(); };
  transport->deliver(stream);
  EXPECT_EQ(script.calls, 1);
  EXPECT_FALSE(transport->reading());
  for (int calls = 1; script.said != said; ++calls) {
    clock_.turn();
    ASSERT_EQ(script.calls, calls);
    framed(*transport).resume();
    EXPECT_EQ(script.calls, calls) << "delivered inside resume()";
    clock_.turn();
  }
  framed(*transport).resume();
  clock_.turn();
  EXPECT_TRUE(transport->reading());
  transport->drop();
}

TEST_P(Framing, ResumingInsideACallbackGoesOnWithoutRecursion) {
  const auto& [name, make, stream, said] = GetParam();
  Script script;
  auto* transport = connected(make(script));
  int depth = 0;
  script.act = [&](int) {
    EXPECT_EQ(++depth, 1);
    framed(*transport).pause();
    framed(*transport).resume();
    --depth;
  };
  transport->deliver(stream);
  EXPECT_EQ(script.said, said);
  EXPECT_TRUE(transport->reading());
  transport->drop();
}

TEST_P(Framing, ClosingOrAbortingStopsDelivery) {
  for (const bool abort : {false, true}) {
    const auto& [name, make, stream, said] = GetParam();
    Script script;
    auto* transport = connected(make(script));
    script.act = [&](int) { abort ? transport->abort() : transport->close(); };
    transport->deliver(stream);
    EXPECT_EQ(script.calls, 1);
    EXPECT_EQ(transport->ended, abort ? "aborted" : "closed");
    transport->drop();
  }
}

TEST_P(Framing, ItsOwnerMayGoInAnyCallback) {
  const auto& [name, make, stream, said] = GetParam();
  for (const bool paused : {false, true}) {
    for (int n = 1; n <= 3; ++n) {
      Script script;
      auto* transport = connected(make(script));
      script.act = [&](int calls) {
        if (calls == n) return transport->drop();
        if (!paused) return;
        framed(*transport).pause();  // the next call comes from a posted turn
        framed(*transport).resume();
      };
      transport->deliver(stream);
      clock_.turn();
      EXPECT_EQ(script.calls, n);
    }
  }
}

TEST_P(Framing, AProtocolMayDestroyItself) {
  const auto& [name, make, stream, said] = GetParam();
  for (int n = 1; n <= 3; ++n) {
    Script script;
    auto protocol = make(script);
    auto* transport = new ScriptedTransport;
    transport->start(*protocol);
    script.act = [&](int calls) {
      if (calls != n) return;
      transport->forget_protocol();
      protocol.reset();
    };
    transport->deliver(stream);
    EXPECT_EQ(script.calls, n);
    transport->drop();
  }
}

TEST_P(Framing, DestroyedBetweenResumingAndTheNextTurn) {
  const auto& [name, make, stream, said] = GetParam();
  Script script;
  auto* transport = connected(make(script));
  script.act = [&](int) { framed(*transport).pause(); };
  transport->deliver(stream);
  framed(*transport).resume();
  transport->drop();
  clock_.turn();
  EXPECT_EQ(script.calls, 1);
}

TEST_P(Framing, AThrowInAResumedCallbackAborts) {
  const auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope(captured);
  const auto& [name, make, stream, said] = GetParam();
  Script script;
  auto* transport = connected(make(script));
  script.act = [&](int calls) {
    if (calls == 2) throw Error("a bad message");
    framed(*transport).pause();
  };
  transport->deliver(stream);
  framed(*transport).resume();
  clock_.turn();
  EXPECT_EQ(transport->ended, "aborted");
  EXPECT_TRUE(captured->contains("a bad message"));
  transport->drop();
}

TEST_P(Framing, AnUpgradeOverUnreadBytesIsRefused) {
  const auto& [name, make, stream, said] = GetParam();
  Script script;
  auto* transport = connected(make(script));
  script.act = [&](int) { transport->insert(std::make_unique<Layer>()); };
  EXPECT_THROW(transport->deliver(stream), FramingError);
  EXPECT_EQ(script.calls, 1);
  transport->drop();
}

class LineProtocolTest : public Framing {};

TEST_F(LineProtocolTest, GivesRawBytesBetweenLines) {
  Script script;
  auto* transport = connected(std::make_unique<Lines>(script));
  transport->deliver("raw 5\r\n12");
  transport->deliver("345next\r\nraw 0\r\nline\r\n");
  EXPECT_EQ(script.said, "[raw 5]{12~{345}[next][raw 0][line]");
  transport->drop();
}

TEST_F(LineProtocolTest, ALineThatIsTooLongAbortsUnlessToldOtherwise) {
  Script script;
  auto* transport = connected(std::make_unique<Lines>(script, codec::LineFormat{.max_length = 3}));
  transport->deliver("abc\r\nabcdef\r\nab\r\n");
  EXPECT_EQ(script.said, "[abc]");
  EXPECT_EQ(transport->ended, "aborted");
  transport->drop();

  class Patient : public Lines {
    using Lines::Lines;
    void line_too_long() override { send_line("500 line too long").value(); }
  };
  auto* patient = connected(std::make_unique<Patient>(script, codec::LineFormat{.max_length = 3}));
  patient->deliver("abcdef\r\nab\r\n");
  EXPECT_EQ(script.said, "[abc][ab]");
  EXPECT_EQ(patient->written, "500 line too long\r\n");
  patient->drop();
}

TEST_F(LineProtocolTest, SendsNothingThatIsNotOneLine) {
  Script script;
  auto* transport = connected(std::make_unique<Lines>(script));
  auto& protocol = static_cast<Lines&>(*transport->protocol());
  EXPECT_TRUE(protocol.send_line("one"));
  for (const char* bad : {"a\r\nb", "a\nb", "a\rb", "a\r", "\n"}) {
    EXPECT_EQ(protocol.send_line(bad).error().message(), "a line to be sent has an end of line inside") << bad;
  }
  EXPECT_EQ(transport->written, "one\r\n");
  transport->drop();
  EXPECT_FALSE(codec::LineFormat{.delimiter = "--"}.can_carry("a-"));
  EXPECT_FALSE(codec::LineFormat{.delimiter = "--"}.can_carry("a--b"));
  EXPECT_TRUE(codec::LineFormat{.delimiter = "--"}.can_carry("-a"));
}

class StringProtocolTest : public Framing {};

TEST_F(StringProtocolTest, AStringThatIsTooLongAborts) {
  Script script;
  auto* transport = connected(std::make_unique<Strings>(script));
  transport->deliver("\0\2ok\0\x15"sv);
  EXPECT_EQ(script.said, "[ok]");
  EXPECT_EQ(transport->ended, "aborted");
  transport->drop();
}

TEST_F(StringProtocolTest, SendsWithItsPrefixAndRefusesWhatDoesNotFit) {
  Script script;
  auto* transport = connected(std::make_unique<Strings>(script));
  auto& protocol = static_cast<Strings&>(*transport->protocol());
  EXPECT_TRUE(protocol.send_string("hello"));
  EXPECT_EQ(protocol.send_string(std::string(65536, 'x')).error().message(),
            "a string of 65536 bytes is longer than its prefix can say (65535)");
  EXPECT_EQ(transport->written, "\0\5hello"sv);
  transport->drop();
}

TEST_F(StringProtocolTest, WhatIsNoNetstringIsToldAndAborts) {
  Script script;
  auto* transport = connected(std::make_unique<Netstrings>(script));
  static_cast<Netstrings&>(*transport->protocol()).send_string("hi");
  transport->deliver("2:ok,02:no,2:ok,");
  EXPECT_EQ(script.said, "[ok]?");
  EXPECT_EQ(transport->ended, "aborted");
  EXPECT_EQ(transport->written, "2:hi,");
  transport->drop();
}

class StatefulProtocolTest : public Framing {};

TEST_F(StatefulProtocolTest, RefusesToExpectMoreThanItsLimit) {
  class Greedy : public StatefulProtocol<Greedy> {
   public:
    Greedy() : StatefulProtocol(100) {}
    void connection_made() override { expect(1, &Greedy::any); }
    void any(std::string_view) { expect(101, &Greedy::any); }
  };
  auto* transport = connected(std::make_unique<Greedy>());
  EXPECT_THROW(transport->deliver("x"), FramingError);
  transport->drop();
}

}  // namespace
}  // namespace torc::framing
