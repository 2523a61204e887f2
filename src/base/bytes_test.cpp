#include "torc/base/bytes.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

namespace torc {
namespace {

using namespace std::string_view_literals;

static_assert(sizeof(Bytes) == 16);
static_assert(std::is_nothrow_move_constructible_v<Bytes> && std::is_nothrow_move_assignable_v<Bytes>);
static_assert(!std::is_copy_constructible_v<Bytes> && !std::is_convertible_v<std::string_view, Bytes>);
static_assert(std::is_convertible_v<Bytes&, std::string_view>);

TEST(Bytes, EmptyOwnsNoMemory) {
  Bytes bytes;
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.data(), nullptr);
  EXPECT_EQ(bytes.capacity(), 0u);
  EXPECT_EQ(bytes.str(), "");
  EXPECT_EQ(Bytes{""}.data(), nullptr);
  for ([[maybe_unused]] char c : bytes) FAIL();
}

TEST(Bytes, CopiesTextIncludingNul) {
  std::string text{"a\0b\xff", 4};
  Bytes bytes{text};
  text[0] = 'x';
  EXPECT_EQ(bytes, "a\0b\xff"sv);
  EXPECT_EQ(bytes.size(), 4u);
  EXPECT_EQ(bytes.capacity(), 4u) << "a read's result takes no more than it needs";
  EXPECT_EQ(bytes.str(), std::string("a\0b\xff", 4));
}

TEST(Bytes, ConvertsToStringView) {
  Bytes bytes{"hello"};
  auto length = [](std::string_view v) { return v.size(); };
  EXPECT_EQ(length(bytes), 5u);
  std::string_view view = bytes;
  EXPECT_EQ(view.data(), bytes.data());
}

TEST(Bytes, ComparesWithTextAndWithBytes) {
  Bytes a{"same"}, b{"same"}, c{"other"};
  EXPECT_TRUE(a == b);
  EXPECT_TRUE(a != c);
  EXPECT_TRUE(a == "same");
  EXPECT_TRUE("same" == a);
  EXPECT_TRUE(a == std::string("same"));
  EXPECT_TRUE("same"sv == a);
  EXPECT_TRUE(Bytes{} == "");
}

// NOLINTBEGIN(bugprone-use-after-move, clang-analyzer-cplusplus.Move)
TEST(Bytes, MovingEmptiesTheSource) {
  Bytes a{"payload"};
  const char* memory = a.data();
  Bytes b{std::move(a)};
  EXPECT_EQ(b.data(), memory);
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(a.data(), nullptr);
  Bytes c{"previous"};
  c = std::move(b);
  EXPECT_EQ(c, "payload");
  EXPECT_EQ(b.capacity(), 0u);
  Bytes& alias = c;
  c = std::move(alias);
  EXPECT_EQ(c, "payload");
}
// NOLINTEND(bugprone-use-after-move, clang-analyzer-cplusplus.Move)

TEST(Bytes, ReadIntoCapacityThenResize) {
  Bytes bytes = Bytes::with_capacity(64);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.capacity(), 64u);
  std::memcpy(bytes.data(), "abcdef", 6);
  bytes.resize(6);
  EXPECT_EQ(bytes, "abcdef");
  bytes.resize(3);
  EXPECT_EQ(bytes, "abc");
  EXPECT_EQ(bytes.capacity(), 64u);
}

TEST(Bytes, GrowingKeepsContent) {
  Bytes bytes{"0123456789"};
  bytes.resize(100000);
  EXPECT_EQ(bytes.size(), 100000u);
  EXPECT_EQ(bytes.view().substr(0, 10), "0123456789");
  bytes[99999] = 'z';
  EXPECT_EQ(*(bytes.end() - 1), 'z');
}

TEST(Bytes, GrowingByOneByteReallocatesRarely) {
  Bytes bytes;
  int moves = 0;
  std::size_t capacity = 0;
  for (std::size_t i = 1; i <= 100000; ++i) {
    bytes.resize(i);
    if (bytes.capacity() != capacity) ++moves, capacity = bytes.capacity();
  }
  EXPECT_LT(moves, 40);
}

TEST(Bytes, ShrinkGivesMemoryBack) {
  Bytes bytes = Bytes::with_capacity(1 << 20);
  std::memcpy(bytes.data(), "kept", 4);
  bytes.resize(4);
  bytes.shrink_to_fit();
  EXPECT_EQ(bytes, "kept");
  EXPECT_EQ(bytes.capacity(), 4u);
  bytes.clear();
  bytes.shrink_to_fit();
  EXPECT_EQ(bytes.data(), nullptr);
  bytes.resize(2);
  EXPECT_EQ(bytes.size(), 2u);
}

TEST(Bytes, RefusesMoreThanItsLimit) {
  EXPECT_THROW(Bytes::with_capacity(Bytes::kMaxSize + 1), std::length_error);
  Bytes bytes{"x"};
  EXPECT_THROW(bytes.resize(SIZE_MAX), std::length_error);
  EXPECT_EQ(bytes, "x") << "a refused resize leaves the content alone";
}

TEST(Bytes, MayBeFreedOnAnotherThread) {
  std::thread([bytes = Bytes{std::string(5000, 'q')}] { EXPECT_EQ(bytes[4999], 'q'); }).join();
}

}  // namespace
}  // namespace torc
