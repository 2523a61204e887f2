// For the tests of terminals: one of their own, with both its sides.
#pragma once

#include <torc/base/unique_fd.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <cstdlib>

namespace torc {

struct Terminal {
  Terminal() : ours(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    EXPECT_EQ(::unlockpt(ours.get()), 0);
    theirs = UniqueFd(::ioctl(ours.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_TRUE(theirs);
  }
  void make_raw() {
    termios modes;
    ::tcgetattr(theirs.get(), &modes);
    ::cfmakeraw(&modes);
    ::tcsetattr(theirs.get(), TCSANOW, &modes);
  }
  UniqueFd ours, theirs;
};

}  // namespace torc
