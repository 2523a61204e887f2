#include "torc/base/unique_fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <type_traits>
#include <utility>

namespace torc {
namespace {

int open_null() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

static_assert(sizeof(UniqueFd) == sizeof(int));
static_assert(std::is_nothrow_move_constructible_v<UniqueFd> && !std::is_copy_constructible_v<UniqueFd>);
static_assert(!std::is_convertible_v<int, UniqueFd>, "ownership is taken explicitly");

TEST(UniqueFd, StartsEmpty) {
  UniqueFd fd;
  EXPECT_FALSE(fd);
  EXPECT_EQ(fd.get(), -1);
}

TEST(UniqueFd, ClosesWhenDestroyed) {
  int raw;
  {
    UniqueFd fd{open_null()};
    raw = fd.get();
    ASSERT_TRUE(fd);
    ASSERT_TRUE(is_open(raw));
  }
  EXPECT_FALSE(is_open(raw));
}

TEST(UniqueFd, TakesAFailedCallAsNone) {
  UniqueFd fd{-17};
  EXPECT_FALSE(fd);
  EXPECT_EQ(fd.get(), -1);
}

TEST(UniqueFd, OwnsDescriptorZero) {
  UniqueFd fd{0};
  EXPECT_TRUE(fd);
  EXPECT_EQ(fd.release(), 0);
}

TEST(UniqueFd, MovingEmptiesTheSource) {
  UniqueFd a{open_null()};
  const int raw = a.get();
  UniqueFd b{std::move(a)};
  EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(b.get(), raw);
  EXPECT_TRUE(is_open(raw));
}

TEST(UniqueFd, MoveAssignmentClosesWhatWasOwned) {
  UniqueFd a{open_null()}, b{open_null()};
  const int first = a.get(), second = b.get();
  b = std::move(a);
  EXPECT_EQ(b.get(), first);
  EXPECT_FALSE(is_open(second));
  UniqueFd& alias = b;
  b = std::move(alias);
  EXPECT_TRUE(is_open(first)) << "self-assignment keeps the descriptor";
}

TEST(UniqueFd, ReleaseLeavesTheDescriptorOpen) {
  UniqueFd fd{open_null()};
  const int raw = fd.release();
  EXPECT_FALSE(fd);
  fd.reset();
  EXPECT_TRUE(is_open(raw));
  ::close(raw);
}

TEST(UniqueFd, ResetReplacesAndKeepsErrno) {
  UniqueFd fd{open_null()};
  const int old = fd.get(), next = open_null();
  errno = ECONNRESET;
  fd.reset(next);
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_EQ(fd.get(), next);
  EXPECT_FALSE(is_open(old));
}

TEST(UniqueFdDeathTest, StopsWhenSomeoneElseClosedIt) {
  EXPECT_DEATH(
      {
        UniqueFd fd{open_null()};
        ::close(fd.get());
      },
      "closed behind its owner's back");
}

TEST(UniqueFdDeathTest, StopsWhenResetToItself) {
  EXPECT_DEATH(
      {
        UniqueFd fd{open_null()};
        fd.reset(fd.get());
      },
      "already owned");
}

}  // namespace
}  // namespace torc
