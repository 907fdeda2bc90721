#include "tensor/npy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace lips {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxRank = 32;
constexpr size_t kAlignmentBytes = 64;

struct TypeCode {
  std::string_view code;  // NumPy's, without byte order
  DType dtype;
};
constexpr std::array kTypeCodes = {
    TypeCode{"f4", DType::kF32}, TypeCode{"f8", DType::kF64}, TypeCode{"f2", DType::kF16}, TypeCode{"i8", DType::kI64},
    TypeCode{"i4", DType::kI32}, TypeCode{"i1", DType::kI8},  TypeCode{"u1", DType::kU8},  TypeCode{"b1", DType::kBool},
};

Error Corrupted(const std::string& what) { return {ErrorCode::kCorrupted, "NPY header: " + what}; }

// File contents quoted in a message: short and printable, whatever they are.
std::string Quote(std::string_view text) {
  constexpr size_t kLongest = 24;
  std::string quoted(text.substr(0, kLongest));
  std::ranges::replace_if(
      quoted, [](char c) { return c < ' ' || c > '~'; }, '?');
  return "'" + quoted + (text.size() > kLongest ? "…'" : "'");
}

// Reads the few forms of Python's dict literal that NumPy writes.
class DictReader {
 public:
  explicit DictReader(std::string_view text) : rest_(text) {}

  // Skips blanks, then `c` if it comes next.
  bool Accept(char c) {
    SkipBlanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<std::string_view> AcceptString() {
    SkipBlanks();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) return std::nullopt;
    const size_t end = rest_.find(rest_[0], 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  bool AcceptWord(std::string_view word) {
    SkipBlanks();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::optional<int64_t> AcceptInteger() {
    SkipBlanks();
    int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    AcceptWord("L");  // Python 2 wrote its long integers so
    return value;
  }

  bool AtEnd() {
    SkipBlanks();
    return rest_.empty();
  }

  std::string Here() const { return Quote(rest_); }

 private:
  void SkipBlanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

Status ReadDescr(DictReader& in, NpyHeader& header) {
  const auto descr = in.AcceptString();
  if (!descr) {
    if (in.Accept('[')) {
      return Error(ErrorCode::kUnsupported, "NPY file holds a structured type; expected plain numbers");
    }
    return Corrupted("expected a type such as '<f4' at " + in.Here());
  }
  std::string_view code = *descr;
  char order = '=';
  if (!code.empty() && std::string_view("<>|=").find(code[0]) != std::string_view::npos) {
    order = code[0];
    code.remove_prefix(1);
  }
  const auto* known = std::ranges::find(kTypeCodes, code, &TypeCode::code);
  if (known == kTypeCodes.end()) {
    return Error(ErrorCode::kUnsupported,
                 "NPY file holds elements of type " + Quote(*descr) + "; expected f2 f4 f8 i1 i4 i8 u1 or b1");
  }
  header.dtype = known->dtype;
  header.big_endian = order == '>';
  return {};
}

Status ReadShape(DictReader& in, NpyHeader& header) {
  if (!in.Accept('(')) return Corrupted("expected the shape's '(' at " + in.Here());
  while (!in.Accept(')')) {
    if (!header.dims.empty() && !in.Accept(',')) return Corrupted("expected ',' or ')' in the shape at " + in.Here());
    if (in.Accept(')')) return {};  // (5,)
    const auto dim = in.AcceptInteger();
    if (!dim) return Corrupted("expected a dimension at " + in.Here());
    if (header.dims.size() == kMaxRank) {
      return Error(ErrorCode::kResourceLimit, "NPY array has more than 32 dimensions");
    }
    header.dims.push_back(*dim);
  }
  return {};
}

Status ReadDict(std::string_view text, NpyHeader& header) {
  DictReader in(text);
  bool has_descr = false;
  bool has_order = false;
  bool has_shape = false;
  if (!in.Accept('{')) return Corrupted("expected '{' at " + in.Here());
  while (!in.Accept('}')) {
    const auto key = in.AcceptString();
    if (!key || !in.Accept(':')) return Corrupted("expected a key and ':' at " + in.Here());
    if (*key == "descr" && !std::exchange(has_descr, true)) {
      RETURN_IF_ERROR(ReadDescr(in, header));
    } else if (*key == "fortran_order" && !std::exchange(has_order, true)) {
      header.fortran_order = in.AcceptWord("True");
      if (!header.fortran_order && !in.AcceptWord("False")) return Corrupted("expected True or False at " + in.Here());
    } else if (*key == "shape" && !std::exchange(has_shape, true)) {
      RETURN_IF_ERROR(ReadShape(in, header));
    } else {
      return Corrupted("unexpected or repeated key " + Quote(*key));
    }
    if (in.Accept(',')) continue;
    if (!in.Accept('}')) return Corrupted("expected ',' or '}' at " + in.Here());
    break;
  }
  if (!in.AtEnd()) return Corrupted("unexpected text behind the dictionary: " + in.Here());
  if (!has_descr || !has_order || !has_shape) {
    return Corrupted("expected the keys 'descr', 'fortran_order' and 'shape'");
  }
  return {};
}

}  // namespace

Result<NpyHeader> ParseNpyHeader(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (bytes.empty()) return Error(ErrorCode::kCorrupted, "not an NPY file: it is empty");
  if (!text.starts_with(kMagic)) {
    return Error(ErrorCode::kCorrupted,
                 "not an NPY file: it begins with " + Quote(text.substr(0, kMagic.size())) + "; expected \\x93NUMPY");
  }
  const size_t version_end = kMagic.size() + 2;
  if (bytes.size() < version_end) return Corrupted("the file ends inside it");
  const int major = bytes[kMagic.size()];
  const int minor = bytes[kMagic.size() + 1];
  if (major < 1 || major > 3 || minor != 0) {
    return Error(ErrorCode::kUnsupported,
                 "NPY version " + std::to_string(major) + "." + std::to_string(minor) + "; expected 1.0, 2.0 or 3.0");
  }
  const size_t length_bytes = major == 1 ? 2 : 4;
  if (bytes.size() < version_end + length_bytes) return Corrupted("the file ends inside it");
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i) length |= size_t{bytes[version_end + i]} << (8 * i);
  const size_t begin = version_end + length_bytes;
  if (length > bytes.size() - begin) {
    return Corrupted("it claims " + std::to_string(length) + " bytes, but the file has only " +
                     std::to_string(bytes.size() - begin) + " more");
  }
  NpyHeader header;
  header.data_offset_bytes = begin + length;
  RETURN_IF_ERROR(ReadDict(text.substr(begin, length), header));
  RETURN_IF_ERROR(ElementCount(header.dims));
  return header;
}

Result<std::string> FormatNpyHeader(DType dtype, const Dims& dims) {
  const auto* known = std::ranges::find(kTypeCodes, dtype, &TypeCode::dtype);
  if (known == kTypeCodes.end()) {
    return Error(ErrorCode::kUnsupported, "NPY has no element type for " + std::string(Name(dtype)));
  }
  if (dims.size() > kMaxRank) {
    return Error(ErrorCode::kUnsupported, "NPY arrays have at most 32 dimensions, not " + std::to_string(dims.size()));
  }
  RETURN_IF_ERROR(ElementCount(dims));
  std::string dict = std::string("{'descr': '") + (SizeOf(dtype) == 1 ? '|' : '<') + std::string(known->code) +
                     "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < dims.size(); ++i) dict += (i > 0 ? ", " : "") + std::to_string(dims[i]);
  dict += dims.size() == 1 ? ",), }" : "), }";

  const size_t prefix = kMagic.size() + 4;
  const size_t total = (prefix + dict.size() + 1 + kAlignmentBytes - 1) / kAlignmentBytes * kAlignmentBytes;
  const size_t length = total - prefix;  // 32 dimensions of 20 digits stay far below the 65,535 that fit
  dict.resize(length - 1, ' ');
  dict += '\n';
  std::string head(kMagic);
  head += '\x01';
  head += '\x00';
  head += static_cast<char>(length & 0xff);
  head += static_cast<char>(length >> 8);
  return head + dict;
}

}  // namespace lips
