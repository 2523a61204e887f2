#include "file/watched_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace torc::file {
namespace {

TEST(WatchedTree, ARenamedFolderTakesWhatIsBelowAlong) {
  WatchedTree tree;
  tree.add_root(1);
  ASSERT_TRUE(tree.attach(2, 1, "a"));
  ASSERT_TRUE(tree.attach(3, 2, "b"));
  EXPECT_EQ(tree.path_of(1), "");
  EXPECT_EQ(tree.path_of(3), "/a/b");
  tree.detach(2);
  EXPECT_EQ(tree.child(*tree.find(1), "a"), WatchedTree::kNone);
  ASSERT_TRUE(tree.attach(2, 1, "c"));
  EXPECT_EQ(tree.path_of(3), "/c/b");
  auto below = tree.subtree(2);
  std::ranges::sort(below);
  EXPECT_EQ(below, (std::vector{2, 3}));
  tree.erase(2);
  EXPECT_EQ(tree.child(*tree.find(1), "c"), WatchedTree::kNone);
  EXPECT_EQ(tree.size(), 2u);
}

TEST(WatchedTree, NoFolderComesToLieBelowItself) {
  WatchedTree tree;
  tree.add_root(1);
  ASSERT_TRUE(tree.attach(2, 1, "a"));
  ASSERT_TRUE(tree.attach(3, 2, "b"));
  EXPECT_FALSE(tree.attach(2, 3, "a"));
  EXPECT_FALSE(tree.attach(2, 2, "a"));
  EXPECT_EQ(tree.path_of(3), "/a/b");
}

TEST(WatchedTree, ANameThatHasANewOwnerIsNotTakenFromIt) {
  WatchedTree tree;
  tree.add_root(1);
  ASSERT_TRUE(tree.attach(2, 1, "a"));
  ASSERT_TRUE(tree.attach(3, 1, "a"));  // renamed over it
  tree.erase(2);
  EXPECT_EQ(tree.child(*tree.find(1), "a"), 3);
}

}  // namespace
}  // namespace torc::file
