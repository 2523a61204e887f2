#include <torc/base/traceback.hpp>

#include <gtest/gtest.h>

#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <thread>
#include <vector>

namespace looked_up {

// Gives an address inside itself: that behind the call.
[[gnu::noinline]] void* address_in_here() {
  void* frames[1] = {};
  const std::size_t count = torc::detail::capture_frames(frames, 1);
  asm volatile("");  // no tail call
  return count == 1 ? frames[0] : nullptr;
}

[[gnu::noinline]] void* called_from_here(unsigned* line) {
  *line = __LINE__ + 1;
  void* const address = address_in_here();
  asm volatile("");
  return address;
}

}  // namespace looked_up

namespace torc::detail {
namespace {

std::vector<Frame> look_up(void* address) { return symbolise({&address, 1}); }

// As a return address is: behind the call, which may be the function's first byte.
void* behind(void* begin) { return static_cast<char*>(begin) + 1; }

TEST(Symbolise, NamesFunctionFileAndLine) {
  unsigned line = 0;
  void* const address = looked_up::called_from_here(&line);
  ASSERT_NE(address, nullptr);
  const auto frames = look_up(address);
  ASSERT_FALSE(frames.empty());
  EXPECT_TRUE(frames.back().function.contains("looked_up::")) << frames.back().function;
  EXPECT_TRUE(frames.back().file.ends_with("src/base/symbolise_test.cpp")) << frames.back().file;
  EXPECT_FALSE(frames.back().file.contains("..")) << frames.back().file;
  EXPECT_GT(frames.back().line, 0u);
  EXPECT_FALSE(frames.back().machinery);
}

TEST(Symbolise, OfNothingIsNothing) { EXPECT_TRUE(symbolise({}).empty()); }

TEST(Symbolise, AnAddressOfNobodyIsAFrameWithoutAName) {
  int here = 0;
  for (void* address :
       {reinterpret_cast<void*>(std::uintptr_t{1}), reinterpret_cast<void*>(UINTPTR_MAX), static_cast<void*>(&here)}) {
    const auto frames = look_up(address);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].function, "");
    EXPECT_EQ(frames[0].file, "");
    EXPECT_EQ(frames[0].line, 0u);
    EXPECT_EQ(frames[0].address, reinterpret_cast<std::uintptr_t>(address) - 1);
  }
}

// The library's own, whatever a sanitizer puts before it.
void* of_libc(const char* name) { return ::dlsym(::dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD), name); }

TEST(Symbolise, NamesWhatSharedLibrariesExportAndSaysThatItIsTheRuntime) {
  void* const exported = of_libc("qsort");
  ASSERT_NE(exported, nullptr);
  const auto frames = look_up(behind(exported));
  ASSERT_FALSE(frames.empty());
  EXPECT_TRUE(frames.back().function.contains("qsort")) << frames.back().function;
  EXPECT_TRUE(frames.back().module.contains("libc")) << frames.back().module;
  EXPECT_TRUE(frames.back().machinery);
}

TEST(Symbolise, KeepsTheOrderOfTheAddresses) {
  void* const exported = of_libc("qsort");
  unsigned line = 0;
  void* const addresses[] = {behind(exported), looked_up::called_from_here(&line), behind(exported)};
  const auto frames = symbolise(addresses);
  ASSERT_GE(frames.size(), 3u);
  EXPECT_TRUE(frames.front().function.contains("qsort"));
  EXPECT_TRUE(frames.back().function.contains("qsort"));
  EXPECT_TRUE(std::ranges::any_of(frames, [](const Frame& each) { return each.function.contains("looked_up::"); }));
}

TEST(Symbolise, SeveralThreadsMayAskAtOnce) {
  unsigned line = 0;
  void* const address = looked_up::called_from_here(&line);
  const auto expected = look_up(address);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) EXPECT_EQ(look_up(address).back().function, expected.back().function);
    });
  }
  for (auto& each : threads) each.join();
  EXPECT_FALSE(symbolising);
}

}  // namespace
}  // namespace torc::detail
