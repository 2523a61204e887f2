// Fields as a container: adding, replacing, removing, and views into itself.
#include <torc/codec/http1_fields.hpp>

#include <gtest/gtest.h>

namespace {

using namespace torc::codec::http1;

TEST(Http1Fields, AddsInOrderAndTrims) {
  Fields fields;
  EXPECT_TRUE(fields.empty());
  EXPECT_EQ(fields.add("A", " 1\t"), Error::kNone);
  EXPECT_EQ(fields.add("b", ""), Error::kNone);
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[0].value, "1");
  EXPECT_EQ(fields[1].name, "b");
  EXPECT_TRUE(fields.contains("B"));
}

TEST(Http1Fields, RefusesWithoutAChange) {
  Fields fields;
  EXPECT_EQ(fields.add("A", "1"), Error::kNone);
  EXPECT_EQ(fields.add("", "1"), Error::kBadFieldName);
  EXPECT_EQ(fields.set("A", "1\n"), Error::kBadFieldValue);
  ASSERT_EQ(fields.size(), 1u);
  EXPECT_EQ(fields.find("a"), "1");
}

TEST(Http1Fields, SetReplacesAllOfAName) {
  Fields fields;
  EXPECT_EQ(fields.add("A", "1"), Error::kNone);
  EXPECT_EQ(fields.add("B", "2"), Error::kNone);
  EXPECT_EQ(fields.add("a", "3"), Error::kNone);
  EXPECT_EQ(fields.set("A", "4"), Error::kNone);
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[0].name, "B");
  EXPECT_EQ(fields[1].value, "4");
  EXPECT_EQ(fields.remove("A"), 1u);
  EXPECT_EQ(fields.remove("A"), 0u);
  EXPECT_EQ(fields.find("A"), std::nullopt);
}

TEST(Http1Fields, TakesViewsIntoItself) {
  Fields fields;
  EXPECT_EQ(fields.add("Name-0123456789", "value-0123456789"), Error::kNone);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(fields.add(fields[0].name, fields[0].value), Error::kNone);
  for (const Field field : fields) {
    EXPECT_EQ(field.name, "Name-0123456789");
    EXPECT_EQ(field.value, "value-0123456789");
  }
  EXPECT_EQ(fields.set(fields[0].name, fields[0].value), Error::kNone);
  EXPECT_EQ(fields.size(), 1u);
  EXPECT_EQ(fields.find("name-0123456789"), "value-0123456789");
}

TEST(Http1Fields, ClearKeepsTheMemory) {
  Fields fields;
  EXPECT_EQ(fields.capacity(), 0u);
  EXPECT_EQ(fields.add("Name-0123456789", "value-0123456789"), Error::kNone);
  const std::size_t held = fields.capacity();
  EXPECT_GT(held, 0u);
  fields.clear();
  EXPECT_TRUE(fields.empty());
  EXPECT_EQ(fields.capacity(), held);
}

TEST(Http1Fields, ComparesLettersOnlyWithoutCase) {
  Fields fields;
  EXPECT_EQ(fields.add("a^b", "1"), Error::kNone);
  EXPECT_EQ(fields.find("A^B"), "1");
  EXPECT_EQ(fields.find("a~b"), std::nullopt);  // differs from '^' in the bit that is the letter case
}

}  // namespace
