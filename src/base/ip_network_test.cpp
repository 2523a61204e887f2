#include <gtest/gtest.h>

#include <random>
#include <unordered_set>

#include "torc/base/address.hpp"

namespace torc {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
IpNetwork net(std::string_view text) {
  auto network = IpNetwork::parse(text);
  EXPECT_TRUE(network) << network.error();
  return network.value_or(IpNetwork{});
}

TEST(IpNetwork, ParsesAndPrintsCidr) {
  for (auto text :
       {"0.0.0.0/0", "10.0.0.0/8", "192.0.2.128/25", "192.0.2.1/32", "::/0", "2001:db8::/32", "fe80::/10", "::1/128"})
    EXPECT_EQ(net(text).str(), text);
  EXPECT_EQ(net("10.0.0.1").str(), "10.0.0.1/32");
  EXPECT_EQ(net("::1").str(), "::1/128");
  EXPECT_EQ(IpNetwork{}.str(), "0.0.0.0/0");
}

TEST(IpNetwork, RefusesWhatIsNotCidr) {
  for (auto text : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08",
                    "10.0.0.0/8/8", "10/8", "10.0.0.0/255.0.0.0", "10.0.0.0 /8", "10.0.0.0/ 8", "fe80::%1/64",
                    "fe80::1%1", "10.0.0.0/99999999999999999999"})
    EXPECT_FALSE(IpNetwork::parse(text)) << text;
  EXPECT_FALSE(IpNetwork::make(ip("10.0.0.0"), -1));
  EXPECT_FALSE(IpNetwork::make(ip("10.0.0.0"), 33));
}

TEST(IpNetwork, RefusesBitsBeyondThePrefixAndNamesTheNetwork) {
  EXPECT_EQ(IpNetwork::parse("10.1.2.3/8").error(),
            "network \"10.1.2.3/8\": bits are set beyond the prefix; the network is 10.0.0.0/8");
  EXPECT_EQ(IpNetwork::parse("fe80::1/10").error(),
            "network \"fe80::1/10\": bits are set beyond the prefix; the network is fe80::/10");
  EXPECT_FALSE(IpNetwork::parse("0.0.0.1/0"));
}

TEST(IpNetwork, ErrorsNameTheInput) {
  EXPECT_EQ(IpNetwork::parse("10.0.0.0/33").error(),
            "network \"10.0.0.0/33\": after / comes the number of bits, 0 to 32");
  EXPECT_EQ(IpNetwork::parse("10/8").error(),
            "network \"10/8\": it is written ADDRESS/PREFIX, such as 10.0.0.0/8 or 2001:db8::/32");
}

TEST(IpNetwork, ContainsByPrefix) {
  EXPECT_TRUE(net("10.0.0.0/8").contains(ip("10.255.255.255")));
  EXPECT_FALSE(net("10.0.0.0/8").contains(ip("11.0.0.0")));
  EXPECT_TRUE(net("192.0.2.128/25").contains(ip("192.0.2.128")));
  EXPECT_FALSE(net("192.0.2.128/25").contains(ip("192.0.2.127")));
  EXPECT_TRUE(net("192.0.2.1/32").contains(ip("192.0.2.1")));
  EXPECT_TRUE(net("0.0.0.0/0").contains(ip("255.255.255.255")));
  EXPECT_TRUE(net("2001:db8::/33").contains(ip("2001:db8:7fff::")));
  EXPECT_FALSE(net("2001:db8::/33").contains(ip("2001:db8:8000::")));
  EXPECT_TRUE(net("fe80::/10").contains(ip("fe80::1%4"))) << "scopes play no part";
}

TEST(IpNetwork, MappedAddressesAreTheirIpv4) {
  EXPECT_TRUE(net("10.0.0.0/8").contains(ip("::ffff:10.1.1.1")));
  EXPECT_FALSE(net("10.0.0.0/8").contains(ip("::ffff:11.1.1.1")));
  EXPECT_EQ(net("::ffff:10.0.0.0/104"), net("10.0.0.0/8"));
  EXPECT_EQ(net("::ffff:0.0.0.0/96"), net("0.0.0.0/0"));
  EXPECT_EQ(net("::ffff:1.2.3.4"), net("1.2.3.4/32"));
  EXPECT_FALSE(IpNetwork::parse("::ffff:0.0.0.0/95")) << "its ffff would lie beyond the prefix";
  EXPECT_FALSE(net("::/0").contains(ip("10.0.0.1")));
  EXPECT_FALSE(net("::/0").contains(ip("::ffff:10.0.0.1")))
      << "one answer for one peer, whatever the listener's family";
  EXPECT_FALSE(net("0.0.0.0/0").contains(ip("::1")));
}

// The model: addresses as strings of '0' and '1' after normalisation, contained when the first bits are the same.
std::string bits_of(IpAddress address) {
  std::string_view bytes = address.bytes();
  std::string bits;
  for (char c : bytes)
    for (int bit = 7; bit >= 0; --bit) bits += (static_cast<unsigned char>(c) >> bit & 1) != 0 ? '1' : '0';
  const std::string mapped = std::string(80, '0') + std::string(16, '1');
  return bits.starts_with(mapped) ? bits.substr(96) : bits;
}

bool model_contains(const std::string& network_bits, int prefix, IpAddress address) {
  const std::string bits = bits_of(address);
  if (bits.size() != network_bits.size()) return false;
  for (int i = 0; i < prefix; ++i)
    if (bits[static_cast<std::size_t>(i)] != network_bits[static_cast<std::size_t>(i)]) return false;
  return true;
}

TEST(IpNetwork, ContainsAgreesWithABitByBitModel) {
  std::mt19937_64 random{4};
  int inside = 0;
  for (int round = 0; round < 100000; ++round) {
    // Any family for the network; half of the mapped kind, since that is where filters fail.
    const auto kind = random() % 3;
    IpAddress::V6Bytes bytes{};
    for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
    if (kind == 1) bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, bytes[12], bytes[13], bytes[14], bytes[15]};
    const int width = kind == 0 ? 32 : 128;
    const int written_prefix = kind == 1 ? 96 + static_cast<int>(random() % 33)
                                         : static_cast<int>(random() % static_cast<unsigned>(width + 1));
    for (int bit = written_prefix; bit < width; ++bit)
      bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> bit % 8));
    const IpAddress base =
        kind == 0 ? IpAddress{IpAddress::V4Bytes{bytes[0], bytes[1], bytes[2], bytes[3]}} : IpAddress{bytes};
    const auto network = IpNetwork::make(base, written_prefix);
    ASSERT_TRUE(network) << network.error();
    ASSERT_EQ(IpNetwork::parse(network->str()), network);

    // A candidate near the network: its own bits with one flipped, most often around the prefix, in either spelling.
    std::string bits = bits_of(base);
    const int prefix = kind == 1 ? written_prefix - 96 : written_prefix;
    const int flip = prefix - 2 + static_cast<int>(random() % 5);
    if (random() % 4 != 0 && flip >= 0 && flip < static_cast<int>(bits.size()))
      bits[static_cast<std::size_t>(flip)] ^= 1;
    for (std::size_t i = static_cast<std::size_t>(prefix) + 3; i < bits.size(); ++i)
      bits[i] = random() % 2 == 0 ? '0' : '1';
    const bool spell_mapped = bits.size() == 32 && random() % 2 == 0;
    if (spell_mapped) bits.insert(0, std::string(80, '0') + std::string(16, '1'));
    IpAddress::V6Bytes candidate_bytes{};
    for (std::size_t i = 0; i < bits.size(); ++i)
      if (bits[i] == '1') candidate_bytes[i / 8] |= static_cast<std::uint8_t>(0x80 >> i % 8);
    const IpAddress candidate = bits.size() == 32
                                    ? IpAddress{IpAddress::V4Bytes{candidate_bytes[0], candidate_bytes[1],
                                                                   candidate_bytes[2], candidate_bytes[3]}}
                                    : IpAddress{candidate_bytes};

    const bool expected = model_contains(bits_of(base), prefix, candidate);
    ASSERT_EQ(network->contains(candidate), expected) << network->str() << ' ' << candidate.str();
    inside += expected ? 1 : 0;
  }
  EXPECT_GT(inside, 30000);
  EXPECT_LT(inside, 80000);
}

TEST(IpNetwork, ComparesAndHashes) {
  EXPECT_LT(net("10.0.0.0/8"), net("10.0.0.0/9"));
  EXPECT_LT(net("10.0.0.0/8"), net("::/0"));
  std::unordered_set<IpNetwork> set{net("10.0.0.0/8"), net("10.0.0.0/9"), net("::ffff:10.0.0.0/104")};
  EXPECT_EQ(set.size(), 2u);
}

}  // namespace
}  // namespace torc
