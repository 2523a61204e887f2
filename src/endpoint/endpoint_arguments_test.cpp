#include "endpoint/endpoint_arguments.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "endpoint/endpoint_faults.hpp"
#include "torc/endpoint/endpoint.hpp"

namespace torc {
namespace {

using namespace std::chrono_literals;

TcpServerEndpoint server(std::string_view text) {
  auto endpoint = parse_server_endpoint(text);
  EXPECT_TRUE(endpoint) << endpoint.error().message;
  return endpoint ? std::get<TcpServerEndpoint>(*endpoint) : TcpServerEndpoint{};
}

TEST(ServerEndpoint, TakesIpv6InBracketsOrEscaped) {
  EXPECT_EQ(server("tcp:80:address=[::1]").address, "::1");
  EXPECT_EQ(server("tcp:80:interface=\\:\\:1").address, "::1");
  EXPECT_EQ(server("tcp:80:address=[::]:backlog=5"), (TcpServerEndpoint{.port = 80, .address = "::", .backlog = 5}));
  EXPECT_EQ(server("tcp:80:address=[fe80::1%3]").address, "fe80::1%3");
}

TEST(ServerEndpoint, BackslashTakesTheNextCharacterAsItIs) {
  EXPECT_EQ(server("tcp:\\8\\0"), (TcpServerEndpoint{.port = 80}));
  EXPECT_EQ(server("tcp:80:backl\\og=\\5"), (TcpServerEndpoint{.port = 80, .backlog = 5}));
  EXPECT_EQ(server_fault("tcp:port\\=80"), "5: port must be a number from 0 to 65535");
  EXPECT_EQ(server_fault("tcp:80\\"), "7: after a backslash comes the character it protects");
}

TEST(ServerEndpoint, RefusesTheSameThingTwice) {
  EXPECT_EQ(server_fault("tcp:80:address=::1:interface=::1").substr(0, 3), "16:") << "the leftmost fault";
  EXPECT_EQ(server_fault("tcp:80:address=[::1]:interface=[::1]"),
            "22: address and interface mean the same; give one of them");
  EXPECT_EQ(server_fault("tcp:80:interface=[::1]:address=[::1]"),
            "24: address and interface mean the same; give one of them");
  EXPECT_EQ(server_fault("tcp:80:backlog=5:backlog=5"), "18: backlog is given twice");
  EXPECT_EQ(server_fault("tcp:port=80:port=80"), "13: port is given twice");
  EXPECT_EQ(server_fault("tcp:80:81"),
            "8: \"81\" is one field too many; options are written key=value, IPv6 addresses in brackets");
  EXPECT_EQ(server_fault("tcp:80:port=81"),
            "5: \"80\" is one field too many; options are written key=value, IPv6 addresses in brackets");
  EXPECT_EQ(server_fault("tcp:80:"), "8: a field is empty; remove a ':'");
  EXPECT_EQ(server_fault("tcp:80::backlog=5"), "8: a field is empty; remove a ':'");
}

using detail::EndpointArguments;

// A kind with a place and an option, as its parser would read it.
struct Sample {
  std::string host;
  int number = 0;
  std::vector<std::string> list;
  std::string str() const { return host + " " + std::to_string(number) + " " + std::to_string(list.size()); }
};
std::expected<Sample, EndpointError> read(std::string_view text, std::size_t begin = 0) {
  EndpointArguments arguments(text, begin, "kind:HOST");
  Sample sample;
  sample.host = arguments.host();
  sample.number = arguments.number("number", 1, 9, 5);
  sample.list = arguments.list("list");
  return arguments.finish<Sample>(std::move(sample));
}

TEST(EndpointArguments, AreReadInTheOrderOfTheKindWhateverThatOfTheString) {
  EXPECT_EQ(read("kind:x:number=7:list=a,b")->str(), "x 7 2");
  EXPECT_EQ(read("kind:list=a,b:number=7:host=x")->str(), "x 7 2");
  EXPECT_EQ(read("kind:x")->str(), "x 5 0");
  EXPECT_EQ(read("outer:kind:x", 6)->str(), "x 5 0") << "within another";
}

TEST(EndpointArguments, TheLeftmostFaultIsTold) {
  EXPECT_EQ(fault("kind:x:what=1:number=0", read("kind:x:what=1:number=0")),
            "8: kind has no option \"what\"; it takes number, list");
  EXPECT_EQ(fault("kind:x:number=0:what=1", read("kind:x:number=0:what=1")), "15: number must be a number from 1 to 9");
  EXPECT_EQ(fault("kind", read("kind")), "5: host is missing; write kind:HOST");
  EXPECT_EQ(fault("kind:x:list=", read("kind:x:list=")), "13: list must be words with one comma between them");
  EXPECT_EQ(fault("outer:kind:x:number=0", read("outer:kind:x:number=0", 6)), "21: number must be a number from 1 to 9")
      << "counted in the whole string";
}

TEST(EndpointError, IsOneShortLineWhateverTheInput) {
  const auto hostile = parse_client_endpoint("tcp:a\nb\x1b[2J:80").error();
  EXPECT_EQ(hostile.message.find_first_of("\n\x1b"), std::string::npos) << hostile.message;
  EXPECT_TRUE(hostile.message.starts_with("endpoint \"tcp:a\\nb\\x1b[2J:80\": ")) << hostile.message;
  EXPECT_LT(parse_server_endpoint("tcp:80:" + std::string(1 << 20, 'k') + "=v").error().message.size(), 500u);
  EXPECT_LT(parse_server_endpoint(std::string(1 << 20, ':')).error().message.size(), 500u);
}

}  // namespace
}  // namespace torc
