#include "tls/tickets.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace torc::tls::detail {
namespace {

using namespace std::chrono_literals;

constexpr Instant at(Duration since) { return Instant(since); }
std::span<const unsigned char, 16> name(const std::optional<TicketKeys::Key>& key) { return key->name; }

TEST(TlsTickets, AKeySealsForHalfTheLifetimeAndOpensForAllOfIt) {
  TicketKeys keys(2h);
  const auto first = keys.newest(at(0h));
  ASSERT_TRUE(first);
  EXPECT_EQ(keys.newest(at(59min))->name, first->name);
  const auto second = keys.newest(at(1h));
  EXPECT_NE(second->name, first->name);
  EXPECT_FALSE(keys.is_newest(*first));
  EXPECT_TRUE(keys.is_newest(*second));
  EXPECT_EQ(keys.find(name(first), at(119min))->cipher, first->cipher);
  EXPECT_FALSE(keys.find(name(first), at(2h)));
  EXPECT_TRUE(keys.find(name(second), at(2h)));
  EXPECT_EQ(keys.size(), 1u);
}

TEST(TlsTickets, RotatingByHandKeepsTheOlderOnesForOpening) {
  TicketKeys keys(2h);
  const auto first = keys.newest(at(0h));
  keys.rotate();
  EXPECT_FALSE(keys.is_newest(*first));
  const auto second = keys.newest(at(0h));
  EXPECT_NE(second->name, first->name);
  EXPECT_TRUE(keys.find(name(first), at(1min)));
  for (int i = 0; i < 20; ++i) {
    keys.rotate();
    keys.newest(at(1min));
  }
  EXPECT_EQ(keys.size(), 8u);
  EXPECT_FALSE(keys.find(name(first), at(1min)));
}

TEST(TlsTickets, AnUnknownNameOpensNothing) {
  TicketKeys keys(2h);
  keys.newest(at(0h));
  EXPECT_FALSE(keys.find(std::array<unsigned char, 16>{}, at(0h)));
}

}  // namespace
}  // namespace torc::tls::detail
