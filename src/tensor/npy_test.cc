#include "tensor/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tensor/npy_header.h"

namespace lips {
namespace {

using testing::HasSubstr;

// Reads more easily than two concatenated byte vectors.
std::vector<uint8_t> Bytes(const std::string& head, const std::vector<uint8_t>& elements = {}) {
  std::vector<uint8_t> bytes(head.begin(), head.end());
  bytes.insert(bytes.end(), elements.begin(), elements.end());
  return bytes;
}

// A version 1.0 file around any header text.
std::vector<uint8_t> FileWith(const std::string& dict, const std::vector<uint8_t>& elements = {}) {
  std::string head = "\x93NUMPY\x01";
  head += '\0';
  head += static_cast<char>(dict.size() & 0xff);
  head += static_cast<char>(dict.size() >> 8);
  return Bytes(head + dict, elements);
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + "_" + name)) {}
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  const Path& path() const { return path_; }

 private:
  Path path_;
};

std::vector<uint8_t> Contents(const Tensor& tensor) { return {tensor.data(), tensor.data() + tensor.bytes()}; }

constexpr std::array kDTypes = {DType::kF32, DType::kF64, DType::kF16, DType::kI64,
                                DType::kI32, DType::kI8,  DType::kU8,  DType::kBool};

Tensor RandomTensor() {
  const auto dtype = *rc::gen::elementOf(kDTypes);
  const auto rank = *rc::gen::inRange<size_t>(0, 5);
  Tensor tensor(dtype, *rc::gen::container<Dims>(rank, rc::gen::inRange<int64_t>(0, 5)));
  const auto contents = *rc::gen::container<std::vector<uint8_t>>(tensor.bytes(), rc::gen::arbitrary<uint8_t>());
  std::copy(contents.begin(), contents.end(), tensor.data());
  return tensor;
}

TEST(Npy, ReadsBackWhatItWrote) {
  const TemporaryFile file("identity.npy");
  EXPECT_TRUE(rc::check([&] {
    const Tensor tensor = RandomTensor();
    RC_ASSERT(WriteNpy(file.path(), tensor).ok());
    const auto back = ReadNpy(file.path());
    RC_ASSERT(back.ok());
    RC_ASSERT(back.value().dtype() == tensor.dtype());
    RC_ASSERT(back.value().dims() == tensor.dims());
    RC_ASSERT(Contents(back.value()) == Contents(tensor));
  }));
}

// The same elements laid out the other way round, and with their bytes reversed, are the same tensor.
TEST(Npy, FortranOrderAndBigEndianMeanTheSameElements) {
  EXPECT_TRUE(rc::check([] {
    const int64_t rows = *rc::gen::inRange<int64_t>(1, 6);
    const int64_t columns = *rc::gen::inRange<int64_t>(1, 6);
    const int64_t planes = *rc::gen::inRange<int64_t>(1, 4);
    std::vector<uint8_t> elements(static_cast<size_t>(rows * columns * planes) * 4);
    std::vector<float> expected;
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        for (int64_t p = 0; p < planes; ++p) {
          const auto value = static_cast<float>(r * 100 + c * 10 + p);
          expected.push_back(value);
          const auto bits = std::bit_cast<uint32_t>(value);
          const auto at = static_cast<size_t>(r + rows * (c + columns * p)) * 4;
          for (size_t b = 0; b < 4; ++b) elements[at + b] = static_cast<uint8_t>(bits >> (8 * (3 - b)));
        }
      }
    }
    const auto tensor = ParseNpy(FileWith("{'descr': '>f4', 'fortran_order': True, 'shape': " + std::string("(") +
                                              std::to_string(rows) + ", " + std::to_string(columns) + ", " +
                                              std::to_string(planes) + "), }\n",
                                          elements));
    RC_ASSERT(tensor.ok());
    RC_ASSERT(tensor.value().dims() == (Dims{rows, columns, planes}));
    RC_ASSERT(std::ranges::equal(tensor.value().As<float>(), expected));
  }));
}

// Golden bytes. Recipe: numpy.save(file, numpy.array([[1, 2, 3]], dtype='<i4')).
TEST(Npy, WritesWhatNumpyWrites) {
  const TemporaryFile file("golden.npy");
  const std::array<int32_t, 3> values = {1, 2, 3};
  ASSERT_TRUE(WriteNpy(file.path(), Tensor::Of<int32_t>({1, 3}, values)).ok());
  const std::string dict = "{'descr': '<i4', 'fortran_order': False, 'shape': (1, 3), }";
  std::string expected = std::string("\x93NUMPY\x01\0v\0", 10) + dict;
  expected.resize(127, ' ');
  expected += '\n';
  expected += std::string("\1\0\0\0\2\0\0\0\3\0\0\0", 12);
  EXPECT_EQ(ReadTextFile(file.path()).value(), expected);
}

TEST(Npy, HeaderKeepsElementsAlignedForAnyShape) {
  for (const Dims& dims : {Dims{}, Dims{5}, Dims(32, 1), Dims{1000000, 512}, Dims{0}}) {
    const auto header = FormatNpyHeader(DType::kU8, dims);
    ASSERT_TRUE(header.ok());
    EXPECT_EQ(header.value().size() % 64, 0u);
    EXPECT_EQ(header.value().back(), '\n');
    const auto parsed = ParseNpyHeader(Bytes(header.value()));
    ASSERT_TRUE(parsed.ok()) << parsed.error().message();
    EXPECT_EQ(parsed.value().dims, dims);
    EXPECT_EQ(parsed.value().data_offset_bytes, header.value().size());
  }
}

TEST(Npy, ReadsVersionsTwoAndThreeAndOldPythonNumbers) {
  const std::string dict = "{'shape': (2L,), \"fortran_order\": False, 'descr': '|u1'}";
  for (const char version : {'\2', '\3'}) {
    std::string head = std::string("\x93NUMPY") + version + '\0';
    head += static_cast<char>(dict.size());
    head += std::string(3, '\0');
    const auto tensor = ParseNpy(Bytes(head + dict, {7, 9}));
    ASSERT_TRUE(tensor.ok()) << tensor.error().message();
    EXPECT_EQ(tensor.value().dims(), Dims{2});
    EXPECT_EQ(tensor.value().data()[1], 9);
  }
}

struct BadFile {
  const char* name;
  std::vector<uint8_t> bytes;
  ErrorCode code;
  const char* says;
};

TEST(Npy, RefusesBadFilesWithOneSentence) {
  const std::string f4 = "{'descr': '<f4', 'fortran_order': False, 'shape': ";
  std::string many = "(";
  for (int i = 0; i < 33; ++i) many += "1,";
  const std::vector<BadFile> files = {
      {"empty", {}, ErrorCode::kCorrupted, "empty"},
      {"other format", Bytes("RIFF...."), ErrorCode::kCorrupted, "'RIFF..'"},
      {"cut in the magic", Bytes("\x93NUM"), ErrorCode::kCorrupted, "not an NPY file"},
      {"cut before the length", Bytes(std::string("\x93NUMPY\1\0v", 9)), ErrorCode::kCorrupted, "ends inside"},
      {"cut in the header", Bytes(std::string("\x93NUMPY\1\0v\0{'des", 15)), ErrorCode::kCorrupted, "claims 118"},
      {"huge header", Bytes(std::string("\x93NUMPY\2\0\xff\xff\xff\xff", 12)), ErrorCode::kCorrupted, "4294967295"},
      {"version 9", Bytes(std::string("\x93NUMPY\x09\0\0\0", 10)), ErrorCode::kUnsupported, "version 9.0"},
      {"no dictionary", FileWith("hello"), ErrorCode::kCorrupted, "'hello'"},
      {"missing key", FileWith("{'descr': '<f4', 'shape': (1,)}"), ErrorCode::kCorrupted, "expected the keys"},
      {"repeated key", FileWith("{'descr': '<f4', 'descr': '<f4'}"), ErrorCode::kCorrupted, "repeated"},
      {"text behind", FileWith(f4 + "()} x"), ErrorCode::kCorrupted, "behind"},
      {"no closing brace", FileWith(f4 + "(1,)"), ErrorCode::kCorrupted, "'}'"},
      {"negative dimension", FileWith(f4 + "(-1,)}"), ErrorCode::kCorrupted, "negative"},
      {"dimension beyond 64 bit", FileWith(f4 + "(99999999999999999999,)}"), ErrorCode::kCorrupted, "dimension"},
      {"product overflows", FileWith(f4 + "(4294967296,4294967296,4294967296)}"), ErrorCode::kResourceLimit, "2^40"},
      {"zero times huge", FileWith(f4 + "(0,4611686018427387904)}"), ErrorCode::kResourceLimit, "2^40"},
      {"33 dimensions", FileWith(f4 + many + ")}"), ErrorCode::kResourceLimit, "32"},
      {"truncated", FileWith(f4 + "(2,)}", {0, 0, 0, 0, 0, 0, 0}), ErrorCode::kCorrupted, "7 bytes"},
      {"a terabyte claimed", FileWith(f4 + "(274877906944,)}"), ErrorCode::kCorrupted, "needs 1099511627776"},
      {"trailing byte", FileWith(f4 + "(1,)}", {0, 0, 0, 0, 0}), ErrorCode::kCorrupted, "needs 4"},
      {"objects", FileWith("{'descr': '|O', 'fortran_order': False, 'shape': ()}"), ErrorCode::kUnsupported, "'|O'"},
      {"strings", FileWith("{'descr': '<U5', 'fortran_order': False, 'shape': ()}"), ErrorCode::kUnsupported, "'<U5'"},
      {"structured", FileWith("{'descr': [('a', '<f4')], 'shape': ()}"), ErrorCode::kUnsupported, "structured"},
  };
  for (const BadFile& file : files) {
    const auto tensor = ParseNpy(file.bytes);
    ASSERT_FALSE(tensor.ok()) << file.name;
    EXPECT_EQ(tensor.error().code(), file.code) << file.name << ": " << tensor.error().message();
    EXPECT_THAT(tensor.error().message(), HasSubstr(file.says)) << file.name;
  }
}

TEST(Npy, ErrorsNameTheFile) {
  const TemporaryFile file("bad.npy");
  ASSERT_TRUE(WriteFileAtomically(file.path(), "garbage").ok());
  EXPECT_THAT(ReadNpy(file.path()).error().message(), HasSubstr("bad.npy'"));
  EXPECT_EQ(ReadNpy("/no/such.npy").error().code(), ErrorCode::kIo);
  EXPECT_EQ(WriteNpy("/no/such/folder.npy", Tensor(DType::kF32, {1})).error().code(), ErrorCode::kIo);
  EXPECT_EQ(WriteNpy(file.path(), Tensor(DType::kBf16, {1})).error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(ReadTextFile(file.path()).value(), "garbage");  // a refused write leaves the old file
}

// These files come from NumPy itself.
TEST(Npy, ReadsNumpysOwnFiles) {
  const char* data = std::getenv("LIPSTREAM_TEST_DATA");
  if (data == nullptr || !std::filesystem::exists(Path(data) / "mel/tones.npy")) {
    GTEST_SKIP() << "LIPSTREAM_TEST_DATA names no folder with mel/tones.npy";
  }
  const auto tones = ReadNpy(Path(data) / "mel/tones.npy");
  ASSERT_TRUE(tones.ok()) << tones.error().message();
  EXPECT_EQ(tones.value().dims(), Dims{10240});
  const auto mel = ReadNpy(Path(data) / "mel/tones_mel.npy");  // Fortran order
  ASSERT_TRUE(mel.ok()) << mel.error().message();
  EXPECT_EQ(mel.value().dtype(), DType::kF64);
  EXPECT_EQ(mel.value().dims(), (Dims{52, 80}));
}

}  // namespace
}  // namespace lips
