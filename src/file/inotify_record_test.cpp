#include "file/inotify_record.hpp"

#include <gtest/gtest.h>

#include <sys/inotify.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace torc::file {
namespace {

std::string record(int watch, std::uint32_t mask, std::string_view field) {
  struct inotify_event head = {};
  head.wd = watch;
  head.mask = mask;
  head.cookie = 7;
  head.len = static_cast<std::uint32_t>(field.size());
  std::string bytes(offsetof(struct inotify_event, name), '\0');
  std::memcpy(bytes.data(), &head, bytes.size());
  return bytes.append(field);
}

TEST(InotifyRecord, AreCutOffOneAfterAnother) {
  const std::string bytes = record(1, IN_CREATE, std::string_view("a\0\0\0", 4)) + record(2, IN_IGNORED, "");
  std::string_view rest = bytes;
  const auto first = take_record(rest);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->watch, 1);
  EXPECT_EQ(first->mask, static_cast<std::uint32_t>(IN_CREATE));
  EXPECT_EQ(first->cookie, 7u);
  EXPECT_EQ(first->name, "a");
  const auto second = take_record(rest);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->watch, 2);
  EXPECT_EQ(second->name, "");
  EXPECT_TRUE(rest.empty());
  EXPECT_FALSE(take_record(rest));
}

TEST(InotifyRecord, NothingIsReadBeyondTheBuffer) {
  const std::string bytes = record(1, IN_CREATE, "name");  // no NUL behind it
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut(bytes, 0, size);
    std::string_view rest = cut;
    EXPECT_FALSE(take_record(rest)) << size;
    EXPECT_EQ(rest.size(), size);
  }
  std::string_view whole = bytes;
  EXPECT_EQ(take_record(whole)->name, "name");
  std::string lies = record(1, IN_CREATE, "name");
  const std::uint32_t length = 0xffffffff;
  std::memcpy(lies.data() + offsetof(struct inotify_event, len), &length, sizeof length);
  std::string_view rest = lies;
  EXPECT_FALSE(take_record(rest));
}

}  // namespace
}  // namespace torc::file
