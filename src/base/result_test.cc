#include "base/result.h"

#include <gtest/gtest.h>

#include <string>

namespace lips {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Error(ErrorCode::kInvalidInput, std::to_string(n) + " is odd");
  return n / 2;
}

Result<int> Quarter(int n) {
  ASSIGN_OR_RETURN(const int half, Half(n));
  ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status Check(int n) {
  RETURN_IF_ERROR(Half(n));
  return {};
}

TEST(Result, CarriesTheFirstErrorOut) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(6).error().message(), "3 is odd");
  EXPECT_FALSE(Check(3).ok());
  EXPECT_EQ(Error(ErrorCode::kIo, "no such file").Within("open a.wav").message(), "open a.wav: no such file");
}

}  // namespace
}  // namespace lips
