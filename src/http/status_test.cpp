#include "torc/http/status.hpp"

#include <gtest/gtest.h>

namespace torc::http {
namespace {

TEST(Status, HasAReasonForEveryRegisteredCode) {
  int registered = 0;
  for (int code = 0; code < 1000; ++code) registered += reason(code).empty() ? 0 : 1;
  EXPECT_EQ(registered, 61);
}

TEST(Status, ReasonsAreTheRegistrysOwnWords) {
  EXPECT_EQ(reason(status::kOk), "OK");
  EXPECT_EQ(reason(100), "Continue");
  EXPECT_EQ(reason(203), "Non-Authoritative Information");
  EXPECT_EQ(reason(207), "Multi-Status");
  EXPECT_EQ(reason(226), "IM Used");
  EXPECT_EQ(reason(404), "Not Found");
  EXPECT_EQ(reason(413), "Content Too Large");
  EXPECT_EQ(reason(414), "URI Too Long");
  EXPECT_EQ(reason(422), "Unprocessable Content");
  EXPECT_EQ(reason(451), "Unavailable For Legal Reasons");
  EXPECT_EQ(reason(505), "HTTP Version Not Supported");
  EXPECT_EQ(reason(511), "Network Authentication Required");
}

TEST(Status, UnknownCodesHaveAnEmptyReason) {
  for (int code : {-1, 0, 99, 104, 299, 306, 418, 430, 499, 509, 599, 600}) EXPECT_EQ(reason(code), "") << code;
}

TEST(Status, ClassifiesCodes) {
  for (int code : {100, 200, 299, 599}) EXPECT_TRUE(is_valid_status(code)) << code;
  for (int code : {-200, 0, 99, 600, 1000}) EXPECT_FALSE(is_valid_status(code)) << code;
  for (int code : {100, 101, 103, 199, 204, 304}) EXPECT_TRUE(forbids_content(code)) << code;
  for (int code : {200, 205, 206, 302, 404, 500}) EXPECT_FALSE(forbids_content(code)) << code;
  for (int code : {301, 302, 303, 307, 308}) EXPECT_TRUE(is_redirect(code)) << code;
  for (int code : {200, 300, 304, 305, 306, 309, 400}) EXPECT_FALSE(is_redirect(code)) << code;
}

}  // namespace
}  // namespace torc::http
