#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "model/pickle.h"
#include "model/pth_reader.h"
#include "model/pth_writer.h"
#include "model/zip.h"

namespace lips {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Bytes = std::vector<uint8_t>;

Bytes BytesOf(std::string_view text) { return {text.begin(), text.end()}; }

std::string TextOf(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

StateDict SmallState() {
  StateDict state;
  state.emplace("module.a", Tensor::Of<float>({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6}));
  state.emplace("module.steps", Tensor::Of<int64_t>({}, std::vector<int64_t>{-5}));
  state.emplace("module.none", Tensor(DType::kF64, {0, 4}));
  state.emplace("module.half", ToF16(Tensor::Of<float>({2}, std::vector<float>{0.5F, -2})));
  return state;
}

std::string PickleError(std::string_view pickle) {
  const Bytes bytes = BytesOf(pickle);
  const auto read = ReadPickle(bytes);
  return read.ok() ? "no error" : read.error().message();
}

std::string PthError(const Bytes& bytes) {
  const auto read = ParsePth(bytes);
  return read.ok() ? "no error" : read.error().message();
}

std::string Text(std::string_view text) {
  return std::string("U") + static_cast<char>(text.size()) + std::string(text);
}

// The pickle of a tensor [2,2] in storage "0", which is said to have `elements` elements; `view` is offset, size,
// stride.
std::string TensorPickle(std::string_view elements, std::string_view view) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + Text("storage") + "ctorch\nFloatStorage\n" + Text("0") +
         Text("cpu") + std::string(elements) + "tQ" + std::string(view) + "\x89)tR";
}

TEST(ParsePth, ReadsWhatTheWriterWrote) {
  const StateDict state = SmallState();
  const auto read = ParsePth(SerializePth(state).value());
  ASSERT_TRUE(read.ok()) << read.error().message();
  ASSERT_EQ(read.value().size(), state.size());
  for (const auto& [name, tensor] : state) {
    const auto found = read.value().find(name.substr(7));  // without "module."
    ASSERT_NE(found, read.value().end()) << name;
    EXPECT_EQ(found->second.dtype(), tensor.dtype());
    EXPECT_EQ(found->second.dims(), tensor.dims());
    if (tensor.bytes() == 0) continue;
    EXPECT_EQ(std::memcmp(found->second.data(), tensor.data(), tensor.bytes()), 0) << name;
  }
}

TEST(ParsePth, KeepsModuleWhereNotAllNamesBeginSo) {
  StateDict state = SmallState();
  state.emplace("b", Tensor(DType::kF32, {1}));
  EXPECT_EQ(ParsePth(SerializePth(state).value()).value().count("module.a"), 1u);
}

TEST(ParsePth, EveryCutIsAnError) {
  const Bytes bytes = SerializePth(SmallState()).value();
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(ParsePth(std::span(bytes).first(length)).ok()) << length;
  }
}

// Damage is found, or lies where nobody reads (padding, dates); it is never read as other weights.
TEST(ParsePth, ADamagedByteChangesNoWeight) {
  const Bytes good = SerializePth(SmallState()).value();
  int refused = 0;
  for (size_t at = 0; at < good.size(); ++at) {
    Bytes bytes = good;
    bytes[at] ^= 0x41;
    const auto read = ParsePth(bytes);
    refused += read.ok() ? 0 : 1;
    if (!read.ok()) continue;
    ASSERT_EQ(read.value().size(), 4u) << at;
    EXPECT_EQ(read.value().find("a")->second.As<float>()[5], 6) << at;
  }
  EXPECT_GT(refused, 300);
}

TEST(ParsePth, RefusesCompressedEntriesAndNamesThem) {
  Bytes bytes = SerializePth(SmallState()).value();
  const std::string text = TextOf(bytes);
  const size_t entry = text.find("PK\x01\x02");
  bytes[entry + 10] = 8;  // deflated
  EXPECT_THAT(PthError(bytes), AllOf(HasSubstr("'archive/data.pkl'"), HasSubstr("compressed")));
}

TEST(ParsePth, SaysWhatOlderFilesAre) {
  Bytes tar(512, 0);
  std::memcpy(tar.data() + 257, "ustar", 5);
  EXPECT_THAT(PthError(tar), AllOf(HasSubstr("tar archive"), HasSubstr("torch.save")));
  EXPECT_THAT(PthError(BytesOf("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")),
              AllOf(HasSubstr("before 1.6"), HasSubstr("torch.save")));
  EXPECT_THAT(PthError(BytesOf("\x80\x02}.")), HasSubstr("bare pickle"));
  EXPECT_THAT(PthError(BytesOf("GIF89a")), HasSubstr("not a PyTorch checkpoint"));
  EXPECT_THAT(PthError({}), HasSubstr("empty"));
}

TEST(ParsePth, RefusesAStorageOfAnotherSizeThanThePickleSays) {
  Bytes bytes = SerializePth(SmallState()).value();
  const std::string text = TextOf(bytes);
  // The directory's and the local sizes of the last tensor's storage stay; the zip is told that one byte less is there.
  const size_t name = text.rfind("archive/data/0");
  const size_t entry = name - 46;
  ASSERT_EQ(text.substr(entry, 4), "PK\x01\x02");
  bytes[entry + 20] = bytes[entry + 24] = 23;
  EXPECT_THAT(PthError(bytes), HasSubstr("checksum"));
}

TEST(ReadPickle, RefusesToRunAnythingAndNamesIt) {
  EXPECT_THAT(PickleError("cos\nsystem\n(U\x02idtR."), HasSubstr("'os.system' is not allowed"));
  EXPECT_THAT(PickleError("\x80\x02}(U\x01xcposix\nsystem\nU\x02id\x85Ru."),
              HasSubstr("'posix.system' is not allowed"));
  EXPECT_THAT(PickleError("\x80\x04" + Text("builtins").replace(0, 1, "\x8c") + Text("eval").replace(0, 1, "\x8c") +
                          "\x93" + "."),
              HasSubstr("'builtins.eval' is not allowed"));
  EXPECT_THAT(PickleError("(U\x02idios\nsystem\n."), HasSubstr("'os.system' is not allowed"));
  EXPECT_THAT(PickleError("ctorch._utils\n_rebuild_tensor\n."), HasSubstr("not allowed"));
  EXPECT_THAT(PickleError("ctorch\nload\n."), HasSubstr("'torch.load' is not allowed"));
  // Dots and newlines cannot make an allowed name of two that are not.
  EXPECT_THAT(PickleError("ctorch\n_utils._rebuild_tensor_v2x\n."), HasSubstr("not allowed"));
  EXPECT_THAT(PickleError("S'id'\n."), AllOf(HasSubstr("'S'"), HasSubstr("not allowed")));
  EXPECT_THAT(PickleError("\x80\x02}\x81."), HasSubstr("not allowed"));
  EXPECT_THAT(PickleError("ccollections\nOrderedDict\n]\x85R."), HasSubstr("not allowed"));
  EXPECT_THAT(PickleError("ctorch\nFloatStorage\n)R."), HasSubstr("not allowed"));
}

TEST(ReadPickle, RefusesDeepNestingInAnyForm) {
  EXPECT_THAT(PickleError(std::string(100'000, '(') + "."), HasSubstr("nested deeper"));
  EXPECT_THAT(PickleError(")" + std::string(100'000, '\x85') + "."), HasSubstr("nested deeper"));
  EXPECT_THAT(PickleError(std::string(1000, ']') + std::string(999, 'a') + "."), HasSubstr("nested deeper"));
}

TEST(ReadPickle, RefusesHugeSizes) {
  EXPECT_THAT(PickleError("X\xff\xff\xff\xff"
                          "abc."),
              HasSubstr("ends too early"));
  EXPECT_THAT(PickleError(std::string("\x8d\xff\xff\xff\xff\xff\xff\xff\xff") + "abc."), HasSubstr("ends too early"));
  EXPECT_THAT(PickleError("\x8a\xff."), HasSubstr("255 bytes"));
  EXPECT_THAT(PickleError(std::string(size_t{1} << 21, 'N') + "."), HasSubstr("more than"));
  EXPECT_THAT(PickleError(TensorPickle("\x8a\x07\xff\xff\xff\xff\xff\xff\x7f", "K") + "."), HasSubstr("claims"));
  EXPECT_EQ(ReadPickle(Bytes((size_t{16} << 20) + 1, 'N')).error().code(), ErrorCode::kResourceLimit);
}

TEST(ReadPickle, KnowsValuesThatContainThemselves) {
  const Bytes list =
      BytesOf(std::string("]q\x05h\x05"
                          "a."));
  const auto read = ReadPickle(list);
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read.value().values[read.value().root].items, std::vector<PickleId>{read.value().root});
  const Bytes dict = BytesOf(std::string("}q\x05U\x0astate_dicth\x05s."));
  EXPECT_TRUE(ReadPickle(dict).ok());
  EXPECT_THAT(PickleError("h\x05."), HasSubstr("recalls entry 5"));
}

TEST(ReadPickle, TensorsStayWithinTheirStorage) {
  using std::string_literals::operator""s;
  const std::string square = "K\x02K\x02\x86";
  EXPECT_EQ(PickleError(TensorPickle("K\x04", "K\x00"s + square + "K\x01K\x02\x86") + "."), "no error");
  EXPECT_THAT(PickleError(TensorPickle("K\x03", "K\x00"s + square + "K\x01K\x02\x86") + "."), HasSubstr("fit"));
  EXPECT_THAT(PickleError(TensorPickle("K\x04", "K\x01" + square + "K\x01K\x02\x86") + "."), HasSubstr("fit"));
  EXPECT_THAT(PickleError(TensorPickle("K\x04", "K\x00"s + square + "K\x03K\x02\x86") + "."), HasSubstr("fit"));
  EXPECT_THAT(PickleError(TensorPickle("K\x04", "J\xff\xff\xff\xff" + square + "K\x01K\x02\x86") + "."),
              HasSubstr("fit"));
  EXPECT_THAT(PickleError(TensorPickle("K\x04", "K\x00"s + square + "K\x01\x85") + "."), HasSubstr("stride"));
  const std::string huge = "J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86";
  EXPECT_THAT(PickleError(TensorPickle("K\x04", "K\x00"s + huge + "K\x00K\x00\x86"s) + "."), HasSubstr("2^40"));
  // Strides that nobody takes may say anything.
  const std::string most = "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f";
  EXPECT_EQ(PickleError(TensorPickle("K\x04", "K\x00"s + "K\x01K\x02\x86" + most + "K\x02\x86") + "."), "no error");
}

TEST(ReadPickle, EveryCutIsAnError) {
  using std::string_literals::operator""s;
  const std::string whole = TensorPickle("K\x04", "K\x00"s + "K\x02K\x02\x86" + "K\x01K\x02\x86") + ".";
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(PickleError(whole.substr(0, length)), "no error") << length;
  }
}

}  // namespace
}  // namespace lips
