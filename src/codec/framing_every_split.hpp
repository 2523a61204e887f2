// For the tests of readers of frames: the one verdict on a stream, however it is cut.
#pragma once

#include "codec/framing_transcript.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace torc::codec::testing {

// What the reader that `make()` gives says about `stream`; another verdict on some split of it fails the test.
template <class Make>
std::string said(Make make, std::string_view stream) {
  return at_every_split(make, stream, [&](const std::string& whole, const std::string& cut) { EXPECT_EQ(cut, whole); });
}

}  // namespace torc::codec::testing
