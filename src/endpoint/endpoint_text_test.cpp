// How endpoints print, and that they are read back as they were.
#include <gtest/gtest.h>

#include <random>

#include "endpoint/endpoint_faults.hpp"
#include "torc/endpoint/endpoint.hpp"

namespace torc {
namespace {

using namespace std::chrono_literals;

TcpClientEndpoint client(std::string_view text) {
  auto endpoint = parse_client_endpoint(text);
  EXPECT_TRUE(endpoint) << endpoint.error().message;
  return endpoint ? std::get<TcpClientEndpoint>(*endpoint) : TcpClientEndpoint{};
}

TEST(EndpointString, LeavesOutDefaults) {
  EXPECT_EQ(TcpServerEndpoint{.port = 80}.str(), "tcp:80");
  EXPECT_EQ((TcpServerEndpoint{.port = 80, .address = "::1", .backlog = 5, .reuse_port = true}.str()),
            "tcp:80:address=[::1]:backlog=5:reuseport=yes");
  EXPECT_EQ((TcpClientEndpoint{.host = "example.org", .port = 80}.str()), "tcp:example.org:80");
  EXPECT_EQ((TcpClientEndpoint{.host = "::1", .port = 80, .timeout = 500ms, .bind = "10.0.0.1"}.str()),
            "tcp:[::1]:80:timeout=0.5:bind=10.0.0.1");
  EXPECT_EQ((TcpClientEndpoint{.host = "x", .port = 80, .timeout = 100s}.str()), "tcp:x:80:timeout=100");
  const ServerEndpoint any = TcpServerEndpoint{.port = 80};
  EXPECT_EQ(any.str(), "tcp:80");
}

TEST(EndpointString, ParsesBackToTheSameValue) {
  std::mt19937_64 random{6};
  const auto one_of = [&](auto... options) {
    const std::string_view list[] = {options...};
    return std::string{list[random() % sizeof...(options)]};
  };
  for (int round = 0; round < 20000; ++round) {
    const std::string address = one_of("", "1.2.3.4", "::", "fe80::1%7", "2001:db8::1", "::ffff:1.2.3.4", "0:0::1");
    const ServerEndpoint s =
        TcpServerEndpoint{.port = static_cast<std::uint16_t>(random()),
                          .address = address,
                          .backlog = static_cast<int>(random() % 3 == 0 ? 1024 : random() % 0x7fffffff + 1),
                          .reuse_port = random() % 2 == 0};
    ASSERT_EQ(parse_server_endpoint(s.str()), s) << s.str();
    const ClientEndpoint c = TcpClientEndpoint{
        .host = one_of("a", "example.org.", "_x.xn--p1ai", "1.2.3.4", "::1", "fe80::1%2"),
        .port = static_cast<std::uint16_t>(random() % 65535 + 1),
        .timeout = std::chrono::milliseconds{random() % (random() % 2 == 0 ? 10'000 : 1'000'000'000) + 1},
        .bind = address};
    ASSERT_EQ(parse_client_endpoint(c.str()), c) << c.str();
  }
}

TEST(EndpointString, AnyTextIsRefusedInOneLineOrPrintsCanonically) {
  std::mt19937_64 random{7};
  const std::string_view pieces[] = {
      ":",   ":",     "=",        "\\",         "[",        "]",        "tcp:",    "80", "x",
      "::1", "[::1]", "address=", "interface=", "backlog=", "timeout=", "1.2.3.4", "\n"};
  int accepted = 0;
  for (int round = 0; round < 200000; ++round) {
    std::string text = "tcp:";
    for (auto n = random() % 7; n > 0; --n) text += pieces[random() % std::size(pieces)];
    const auto check = [&](const auto& parsed, auto parse) {
      if (!parsed) {
        ASSERT_LE(parsed.error().position, text.size()) << text;
        ASSERT_EQ(parsed.error().message.find('\n'), std::string::npos);
        return;
      }
      ++accepted;
      ASSERT_EQ(parse(parsed->str()), parsed) << text;
      ASSERT_EQ(parse(parsed->str())->str(), parsed->str()) << text;
    };
    check(parse_server_endpoint(text), parse_server_endpoint);
    check(parse_client_endpoint(text), parse_client_endpoint);
  }
  EXPECT_GT(accepted, 1000);
}

TEST(QuoteArgument, ProtectsWhatHasAMeaning) {
  EXPECT_EQ(quote_argument("plain-1.2_3"), "plain-1.2_3");
  EXPECT_EQ(quote_argument("a:b\\c=d"), "a\\:b\\\\c\\=d");
  EXPECT_EQ(quote_argument("[x"), "\\[x");
  EXPECT_EQ(quote_argument(""), "");
  EXPECT_EQ(client("tcp:" + quote_argument("fe80::1%3") + ":80").host, "fe80::1%3");
  EXPECT_EQ(client_fault("tcp:" + quote_argument("host=x") + ":80").substr(0, 18), "5: host \"host=x\": ")
      << "no option smuggled in";
}

TEST(QuoteArgument, AnyTextStaysOneField) {
  std::mt19937_64 random{8};
  const std::string_view alphabet = ":=\\[]ab";
  for (int round = 0; round < 20000; ++round) {
    std::string text = "!";  // no host, so that the error repeats the field as it was understood
    for (auto n = random() % 8; n > 0; --n)
      text.insert(random() % (text.size() + 1), 1, alphabet[random() % alphabet.size()]);
    if (text.front() == '[') continue;
    const auto error = parse_client_endpoint("tcp:" + quote_argument(text) + ":80").error();
    ASSERT_EQ(error.position, 4u);
    ASSERT_TRUE(error.message.contains("host \"" + text + "\": ")) << error.message;
  }
}

}  // namespace
}  // namespace torc
