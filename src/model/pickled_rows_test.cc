#include "model/pickled_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lips {
namespace {

using ::testing::HasSubstr;
using std::string_literals::operator""s;
using Rows = std::vector<std::vector<double>>;

std::vector<uint8_t> BytesOf(const std::string& text) { return {text.begin(), text.end()}; }

Rows Read(const std::string& pickle) {
  const auto rows = ReadPickledRows(BytesOf(pickle), 4);
  EXPECT_TRUE(rows.ok()) << rows.error().message();
  return rows.ok() ? rows.value() : Rows();
}

std::string ErrorOf(const std::string& pickle) {
  const auto rows = ReadPickledRows(BytesOf(pickle), 4);
  return rows.ok() ? "no error" : rows.error().message();
}

std::string Text(const std::string& text) { return "\x8c" + std::string(1, static_cast<char>(text.size())) + text; }
std::string Global(const std::string& module, const std::string& name) { return Text(module) + Text(name) + "\x93"; }
std::string Bytes(const std::string& bytes) { return "C" + std::string(1, static_cast<char>(bytes.size())) + bytes; }

// numpy.dtype("<i8") as pickle.dump writes it.
std::string Type(const std::string& name, const std::string& order = "<") {
  return Global("numpy", "dtype") + Text(name) + "\x89\x88\x87R(K\x03" + Text(order) +
         "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"s;
}
std::string Scalar(const std::string& type, const std::string& bytes) {
  return Global("numpy.core.multiarray", "scalar") + Type(type) + Bytes(bytes) + "\x86R";
}
std::string Array(const std::string& type, const std::string& shape, const std::string& order,
                  const std::string& bytes) {
  return Global("numpy._core.multiarray", "_reconstruct") + Global("numpy", "ndarray") + "K\x00\x85"s + Bytes("b") +
         "\x87R(K\x01" + shape + Type(type) + order + Bytes(bytes) + "tb";
}

TEST(ReadPickledRows, ReadsListsOfTuplesOfPythonsNumbers) {
  // [(10, 300, 20, 70000), [1.5, -2], None], protocol 4 with a frame and memo.
  const std::string pickle = "\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00]\x94("s +
                             "(K\x0aM\x2c\x01K\x14J\x70\x11\x01\x00t\x94"s + "](G\x3f\xf8\x00\x00\x00\x00\x00\x00"s +
                             "J\xfe\xff\xff\xff" + "eN" + "e.";
  EXPECT_EQ(Read(pickle), (Rows{{10, 300, 20, 70000}, {1.5, -2}, {}}));
}

TEST(ReadPickledRows, ReadsNumPysNumbers) {
  const std::string row = Scalar("i8", "\xff\xff\xff\xff\xff\xff\xff\xff") + Scalar("i4", "\x00\x01\x00\x00"s) +
                          Scalar("f8", "\x00\x00\x00\x00\x00\x00\xf8\x3f"s) + Scalar("u2", "\xff\xff");
  EXPECT_EQ(Read("\x80\x04](" + row + "ta.").at(0), (std::vector<double>{-1, 256, 1.5, 65535}));
}

TEST(ReadPickledRows, ReadsNumPysArraysInEitherOrder) {
  const std::string shape = "K\x02K\x03\x86";
  const std::string bytes = "\x01\x02\x03\x04\x05\x06";
  EXPECT_EQ(Read(Array("u1", shape, "\x89", bytes) + "."), (Rows{{1, 2, 3}, {4, 5, 6}}));
  EXPECT_EQ(Read(Array("u1", shape, "\x88", bytes) + "."), (Rows{{1, 3, 5}, {2, 4, 6}}));
  EXPECT_EQ(Read("](" + Array("u1", "K\x04\x85", "\x89", "\x01\x02\x03\x04") + "e."), (Rows{{1, 2, 3, 4}}));
}

TEST(ReadPickledRows, ReadsBytesThatProtocol2WritesAsText) {
  const std::string encoded = Global("_codecs", "encode") + Text("\xc3\xbf\x01") + Text("latin1") + "\x86R";
  const std::string scalar = Global("numpy.core.multiarray", "scalar") + Type("u2") + encoded + "\x86R";
  EXPECT_EQ(Read("](" + scalar + "ta."), (Rows{{511}}));
}

TEST(ReadPickledRows, RunsNothingAndNamesWhatWasAskedFor) {
  EXPECT_THAT(ErrorOf("cos\nsystem\n(U\x02idtR."), HasSubstr("'os.system' is not allowed"));
  EXPECT_THAT(ErrorOf("]" + Global("builtins", "eval") + "."), HasSubstr("'builtins.eval' is not allowed"));
  EXPECT_THAT(ErrorOf("]" + Global("numpy", "load") + "."), HasSubstr("'numpy.load' is not allowed"));
  EXPECT_THAT(ErrorOf("]" + Global("numpy._core.multiarray", "fromfile") + "."), HasSubstr("not allowed"));
  EXPECT_THAT(ErrorOf("ctorch._utils\n_rebuild_tensor_v2\n."), HasSubstr("not allowed"));
  EXPECT_THAT(ErrorOf(Global("numpy", "dtype") + Text("O8") + "\x89\x88\x87R."), HasSubstr("'O8'"));
  EXPECT_THAT(ErrorOf(Type("i8", ">") + "."), HasSubstr("big-endian"));
  EXPECT_THAT(ErrorOf("]\x81."), HasSubstr("not allowed"));
}

TEST(ReadPickledRows, RefusesDeepNestingAndHugeSizes) {
  EXPECT_THAT(ErrorOf(std::string(1000, ']') + std::string(999, 'a') + "."), HasSubstr("nested deeper"));
  EXPECT_THAT(ErrorOf(std::string(100'000, '(') + "."), HasSubstr("nested deeper"));
  EXPECT_THAT(ErrorOf("B\xff\xff\xff\xff."), HasSubstr("ends too early"));
  // Nothing by nothing is no table, however many rows of nothing it claims; nor is a shape beyond its bytes.
  EXPECT_THAT(ErrorOf(Array("u1", "\x8a\x05\xff\xff\xff\xff\x0fK\x00\x86"s, "\x89", "") + "."),
              HasSubstr("[68719476735,0]"));
  EXPECT_THAT(ErrorOf(Array("i8", "J\xff\xff\xff\x7fK\x04\x86", "\x89", "abc") + "."), HasSubstr("has 3 bytes"));
  // One row, recalled two million times.
  std::string many = "](K\x01tq\x01";
  for (int k = 0; k < 2'000'000; ++k) many += "h\x01";
  EXPECT_THAT(ErrorOf("]" + many.substr(1, 6) + "0](" + many.substr(7) + "e."), HasSubstr("more than 1000000 rows"));
}

TEST(ReadPickledRows, SaysWhatIsNoRowOfNumbers) {
  EXPECT_THAT(ErrorOf("}."), HasSubstr("expected rows of numbers"));
  EXPECT_THAT(ErrorOf("](K\x01" + Text("a") + "ta."), HasSubstr("row 0: pickle: expected rows"));
  EXPECT_THAT(ErrorOf("]K\x01"
                      "a."),
              HasSubstr("row 0"));
  EXPECT_THAT(ErrorOf("](K\x01K\x01K\x01K\x01K\x01ta."), HasSubstr("5 numbers, expected at most 4"));
}

TEST(ReadPickledRows, EveryCutIsAnError) {
  const std::string whole = "\x80\x04](" + Scalar("i8", "\x01\x00\x00\x00\x00\x00\x00\x00"s) + "ta" + ".";
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(ErrorOf(whole.substr(0, length)), "no error") << length;
  }
}

}  // namespace
}  // namespace lips
