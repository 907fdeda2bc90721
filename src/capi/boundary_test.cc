#include "capi/boundary.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <thread>

#include "capi/sized_struct.h"

namespace lips::capi {
namespace {

TEST(Guard, MakesAStatusAndASentenceOfWhateverHappens) {
  ErrorText handle;
  EXPECT_EQ(Guard(&handle, []() -> Status { return {}; }), LIPS_OK);
  std::array<char, 64> text = {};
  EXPECT_EQ(handle.CopyTo(text.data(), text.size()), 0u);
  EXPECT_EQ(Guard(&handle, []() -> Status { return Error(ErrorCode::kIo, "no such file"); }), LIPS_IO);
  EXPECT_STREQ(lips_last_error(), "no such file");
  EXPECT_EQ(handle.CopyTo(text.data(), text.size()), 12u);
  EXPECT_STREQ(text.data(), "no such file");
  EXPECT_EQ(Guard(nullptr, []() -> Status { throw std::bad_alloc(); }), LIPS_RESOURCE_LIMIT);
  EXPECT_STREQ(lips_last_error(), "out of memory");
  EXPECT_EQ(Guard(nullptr, []() -> Status { throw std::runtime_error("surprise"); }), LIPS_INTERNAL);
  EXPECT_STREQ(lips_last_error(), "surprise");
  EXPECT_EQ(Guard(nullptr, []() -> Status { throw 7; }), LIPS_INTERNAL);
  handle.CopyTo(text.data(), 5);
  EXPECT_STREQ(text.data(), "no s") << "cut, and the handle's own";
}

TEST(LastError, BelongsToItsThread) {
  Fail(LIPS_IO, "mine", nullptr);
  std::thread([] { EXPECT_STREQ(lips_last_error(), ""); }).join();
  EXPECT_STREQ(lips_last_error(), "mine");
}

TEST(StatusName, IsSomethingForEveryNumber) {
  for (int status = -2; status < 20; ++status) EXPECT_NE(*lips_status_name(status), '\0') << status;
  EXPECT_STREQ(lips_status_name(LIPS_OK), "ok");
  EXPECT_STREQ(lips_status_name(99), "unknown status");
}

// A struct as this program and a newer one have it.
struct Now {
  size_t struct_size;
  int a;
  int b;
};
struct New {
  size_t struct_size;
  int a;
  int b;
  int64_t c;
};
constexpr Now kDefaults = {sizeof(Now), 1, 2};

TEST(SizedStruct, OlderAndNewerProgramsAreUnderstood) {
  Now half = {offsetof(Now, b), 7, 99};
  auto read = ReadStruct(&half, kDefaults, "options");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.value().a, 7);
  EXPECT_EQ(read.value().b, 2) << "a field the program does not know has its default";
  New later = {sizeof(New), 5, 6, 0};
  read = ReadStruct(reinterpret_cast<const Now*>(&later), kDefaults, "options");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.value().b, 6);
  later.c = 1;
  read = ReadStruct(reinterpret_cast<const Now*>(&later), kDefaults, "options");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(ReadStruct<Now>(nullptr, kDefaults, "options").value().b, 2);
  for (const size_t size : {size_t{0}, size_t{7}, size_t{5000}, ~size_t{0}}) {
    const Now wrong = {size, 1, 1};
    EXPECT_EQ(ReadStruct(&wrong, kDefaults, "options").error().code(), ErrorCode::kInvalidInput) << size;
  }
}

TEST(SizedStruct, WritesNoFurtherThanTheProgramHasRoom) {
  std::array<Now, 2> out = {};
  out[0].struct_size = offsetof(Now, b);
  out[0].b = 77;
  ASSERT_TRUE(WriteStruct(Now{sizeof(Now), 3, 4}, out.data(), "report").ok());
  EXPECT_EQ(out[0].a, 3);
  EXPECT_EQ(out[0].b, 77);
  EXPECT_EQ(out[0].struct_size, offsetof(Now, b));
  New later = {sizeof(New), 0, 0, 9};
  ASSERT_TRUE(WriteStruct(Now{sizeof(Now), 3, 4}, reinterpret_cast<Now*>(&later), "report").ok());
  EXPECT_EQ(later.b, 4);
  EXPECT_EQ(later.c, 0);
  EXPECT_EQ(later.struct_size, sizeof(New));
  EXPECT_TRUE(WriteStruct(kDefaults, static_cast<Now*>(nullptr), "report").ok());
}

}  // namespace
}  // namespace lips::capi
