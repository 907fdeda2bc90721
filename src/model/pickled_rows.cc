#include "model/pickled_rows.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "model/name.h"
#include "model/pickle_machine.h"
#include "tensor/tensor.h"

// Source: numpy/core/src/multiarray (dtype, scalar and array __reduce__), numpy/core/numeric.py (_frombuffer).
namespace lips {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are read as they lie");

constexpr std::string_view kDtype = "numpy.dtype";
constexpr std::string_view kScalar = "numpy.core.multiarray.scalar";
constexpr std::string_view kReconstruct = "numpy.core.multiarray._reconstruct";
constexpr std::string_view kFromBuffer = "numpy.core.numeric._frombuffer";
constexpr std::string_view kArray = "numpy.ndarray";
constexpr std::string_view kEncode = "_codecs.encode";
constexpr std::array<std::string_view, 6> kAllowed = {kDtype, kScalar, kReconstruct, kFromBuffer, kArray, kEncode};

constexpr size_t kMostRows = 1'000'000;

// A NumPy type of numbers: 'i', 'u', 'f' or 'b' (truth), and bytes.
struct NumberType {
  char kind = 0;
  uint8_t width = 0;
};

// "i4", "<f8", "|u1"
std::optional<NumberType> ParseType(std::string_view text) {
  if (text.starts_with('<') || text.starts_with('|')) text.remove_prefix(1);
  constexpr std::array<std::string_view, 11> kKnown = {"i1", "i2", "i4", "i8", "u1", "u2",
                                                       "u4", "u8", "f4", "f8", "b1"};
  if (std::ranges::find(kKnown, text) == kKnown.end()) return std::nullopt;
  return NumberType{text[0], static_cast<uint8_t>(text[1] - '0')};
}

// `bytes` has type.width bytes.
double NumberOf(NumberType type, std::string_view bytes) {
  uint64_t bits = 0;
  std::memcpy(&bits, bytes.data(), type.width);
  if (type.kind == 'f' && type.width == 8) return std::bit_cast<double>(bits);
  if (type.kind == 'f') return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  if (type.kind != 'i') return static_cast<double>(bits);
  const int unused = 64 - 8 * type.width;
  return static_cast<double>(static_cast<int64_t>(bits << unused) >> unused);
}

class RowReader : public PickleMachine {
 public:
  explicit RowReader(size_t most) : most_(most) {}

  Result<std::vector<std::vector<double>>> Read(std::span<const uint8_t> bytes) {
    ASSIGN_OR_RETURN(const PickleId root, Run(bytes));
    std::vector<std::vector<double>> rows;
    if (const Array* array = ArrayOf(root)) {
      if (array->dims.size() != 2) return NoRows("an array of shape " + ToString(array->dims));
      const auto columns = static_cast<size_t>(array->dims[1]);
      if (columns == 0) return NoRows("an array of shape " + ToString(array->dims));
      if (columns > most_) return TooLong(columns);
      if (static_cast<size_t>(array->dims[0]) > kMostRows) return TooMany();
      for (int64_t row = 0; row < array->dims[0]; ++row) {
        std::vector<double> numbers;
        for (size_t k = 0; k < columns; ++k) {
          numbers.push_back(NumberAt(*array, array->fortran ? static_cast<int64_t>(k) * array->dims[0] + row
                                                            : row * array->dims[1] + static_cast<int64_t>(k)));
        }
        rows.push_back(std::move(numbers));
      }
      return rows;
    }
    const PickleValue& list = At(root);
    if (list.kind != PickleKind::kList && list.kind != PickleKind::kTuple) return NoRows("no list");
    if (list.items.size() > kMostRows) return TooMany();
    for (const PickleId item : list.items) {
      auto row = Row(item);
      if (!row.ok()) return std::move(row).TakeError().Within("row " + std::to_string(rows.size()));
      rows.push_back(std::move(row).value());
    }
    return rows;
  }

 private:
  // A kObject value's number is a place in arrays_, or kTypes and more: one in types_.
  struct Array {
    std::optional<NumberType> type;
    Dims dims;
    bool fortran = false;
    std::string_view bytes;
  };
  static constexpr int64_t kTypes = int64_t{1} << 32;

  static Error NoRows(const std::string& found) {
    return {ErrorCode::kInvalidInput, "pickle: expected rows of numbers, found " + found};
  }
  static Error TooMany() {
    return {ErrorCode::kResourceLimit, "pickle: more than " + std::to_string(kMostRows) + " rows"};
  }
  Error TooLong(size_t numbers) const {
    return {ErrorCode::kInvalidInput,
            "pickle: " + std::to_string(numbers) + " numbers, expected at most " + std::to_string(most_)};
  }

  const Array* ArrayOf(PickleId id) const {
    const PickleValue& value = At(id);
    const bool is_array = value.kind == PickleKind::kObject && value.number < kTypes;
    return is_array ? &arrays_[static_cast<size_t>(value.number)] : nullptr;
  }

  std::optional<NumberType> TypeOf(PickleId id) const {
    const PickleValue& value = At(id);
    if (value.kind != PickleKind::kObject || value.number < kTypes) return std::nullopt;
    return types_[static_cast<size_t>(value.number - kTypes)];
  }

  static double NumberAt(const Array& array, int64_t index) {
    return NumberOf(*array.type, array.bytes.substr(static_cast<size_t>(index) * array.type->width));
  }

  Result<std::vector<double>> Row(PickleId id) const {
    std::vector<double> numbers;
    if (const Array* array = ArrayOf(id)) {
      if (array->dims.size() != 1) return NoRows("an array of shape " + ToString(array->dims));
      if (array->dims[0] > static_cast<int64_t>(most_)) return TooLong(static_cast<size_t>(array->dims[0]));
      for (int64_t k = 0; k < array->dims[0]; ++k) numbers.push_back(NumberAt(*array, k));
      return numbers;
    }
    const PickleValue& row = At(id);
    if (row.kind == PickleKind::kNone) return numbers;
    if (row.kind != PickleKind::kList && row.kind != PickleKind::kTuple) return NoRows("no list of numbers");
    if (row.items.size() > most_) return TooLong(row.items.size());
    for (const PickleId item : row.items) {
      const PickleValue& value = At(item);
      if (value.kind == PickleKind::kInt || value.kind == PickleKind::kBool) {
        numbers.push_back(static_cast<double>(value.number));
      } else if (value.kind == PickleKind::kFloat) {
        numbers.push_back(value.real);
      } else {
        return NoRows("a row with something that is no number");
      }
    }
    return numbers;
  }

  Status PushGlobal(std::string_view module, std::string_view name) override {
    std::string whole = std::string(module.substr(0, 64)) + "." + std::string(name.substr(0, 64));
    if (whole.starts_with("numpy._core.")) whole.erase(6, 1);  // as NumPy 2 calls it
    const auto* const allowed = std::ranges::find(kAllowed, whole);
    if (allowed == kAllowed.end()) return NotAllowed(module, name, "only numbers are read, and nothing is run");
    return Push({PickleKind::kGlobal, 0, 0, *allowed, {}});
  }

  Status PushPersistent(PickleId /*id*/) override { return Damaged("it refers to data outside of it"); }

  Status Call(std::string_view function, const std::vector<PickleId>& arguments) override {
    if (function == kDtype && !arguments.empty()) return PushType(arguments[0]);
    if (function == kScalar && arguments.size() == 2) return PushScalar(arguments[0], arguments[1]);
    if (function == kReconstruct) return PushArray({});  // its state follows
    if (function == kFromBuffer && arguments.size() == 4) return PushOfBuffer(arguments);
    if (function == kEncode && arguments.size() == 2) return PushEncoded(arguments[0], arguments[1]);
    return Error(ErrorCode::kUnsupported, "pickle: '" + std::string(function) + "' with such arguments is not allowed");
  }

  Status PushType(PickleId id) {
    const PickleValue& name = At(id);
    const auto type = ParseType(name.kind == PickleKind::kText ? name.text : "");
    if (!type) {
      return Error(ErrorCode::kUnsupported,
                   "pickle: NumPy's type " + QuoteName(name.text) + " is none of numbers that are read");
    }
    types_.push_back(*type);
    return Push(PickleKind::kObject, kTypes + static_cast<int64_t>(types_.size()) - 1);
  }

  Status PushScalar(PickleId type, PickleId bytes) {
    const Array one{TypeOf(type), {1}, false, At(bytes).text};
    if (!one.type || At(bytes).kind != PickleKind::kBytes || one.bytes.size() != one.type->width) {
      return Damaged("a NumPy number is not described by type and bytes");
    }
    return Push({PickleKind::kFloat, 0, NumberAt(one, 0), {}, {}});
  }

  Status PushArray(Array array) {
    arrays_.push_back(std::move(array));
    return Push(PickleKind::kObject, static_cast<int64_t>(arrays_.size()) - 1);
  }

  // Python 3 writes bytes for Python 2 as text of the characters 0 to 255.
  Status PushEncoded(PickleId text_id, PickleId codec) {
    const PickleValue& text = At(text_id);
    if (text.kind != PickleKind::kText || At(codec).text != "latin1") return Damaged("bytes are not encoded as latin1");
    std::string bytes;
    for (size_t k = 0; k < text.text.size(); ++k) {
      const auto byte = static_cast<uint8_t>(text.text[k]);
      if (byte < 0x80) {
        bytes.push_back(text.text[k]);
      } else if ((byte == 0xC2 || byte == 0xC3) && k + 1 < text.text.size()) {
        bytes.push_back(static_cast<char>((byte & 3) << 6 | (static_cast<uint8_t>(text.text[++k]) & 0x3F)));
      } else {
        return Damaged("bytes are not encoded as latin1");
      }
    }
    encoded_bytes_ += bytes.size();
    if (encoded_bytes_ > kMostPickleBytes) return Error(ErrorCode::kResourceLimit, "pickle: too many encoded bytes");
    encoded_.push_back(std::move(bytes));
    return Push({PickleKind::kBytes, 0, 0, encoded_.back(), {}});
  }

  // `shape` and `bytes` into `array`, whose type is known.
  Status Fill(Array& array, PickleId shape_id, PickleId bytes_id) const {
    const PickleValue& shape = At(shape_id);
    const PickleValue& bytes = At(bytes_id);
    if (!array.type || shape.kind != PickleKind::kTuple || bytes.kind != PickleKind::kBytes) {
      return Damaged("an array is not described by type, shape and bytes");
    }
    if (shape.items.size() > 2) return NoRows("an array of " + std::to_string(shape.items.size()) + " dimensions");
    array.dims.clear();
    for (const PickleId item : shape.items) {
      if (At(item).kind != PickleKind::kInt || At(item).number < 0)
        return Damaged("an array's shape is not of numbers");
      array.dims.push_back(At(item).number);
    }
    ASSIGN_OR_RETURN(const int64_t count, ElementCount(array.dims));
    array.bytes = bytes.text;
    if (static_cast<uint64_t>(count) * array.type->width == array.bytes.size()) return {};
    return Damaged("an array " + ToString(array.dims) + " has " + std::to_string(array.bytes.size()) + " bytes");
  }

  // (bytes, type, shape, "C" or "F")
  Status PushOfBuffer(const std::vector<PickleId>& arguments) {
    Array array{TypeOf(arguments[1]), {}, At(arguments[3]).text == "F", {}};
    RETURN_IF_ERROR(Fill(array, arguments[2], arguments[0]));
    return PushArray(std::move(array));
  }

  Status SetState(PickleId target, PickleId state_id) override {
    const PickleValue& state = At(state_id);
    const bool known = At(target).kind == PickleKind::kObject && state.kind == PickleKind::kTuple;
    if (!known) return Error(ErrorCode::kUnsupported, "pickle: an object with a state of its own is not allowed");
    if (At(target).number >= kTypes) {  // a type's: (version, byte order, ...)
      const bool native = state.items.size() > 1 && (At(state.items[1]).text == "<" || At(state.items[1]).text == "|");
      if (native) return {};
      return Error(ErrorCode::kUnsupported, "pickle: numbers of a big-endian machine, which are not read");
    }
    if (state.items.size() != 5) return Damaged("an array's state is not five values");  // version, shape, type, order
    Array& array = arrays_[static_cast<size_t>(At(target).number)];
    array.type = TypeOf(state.items[2]);
    array.fortran = At(state.items[3]).number != 0;
    Status filled = Fill(array, state.items[1], state.items[4]);
    if (!filled.ok()) array = {};
    return filled;
  }

  size_t most_;
  std::vector<Array> arrays_;
  std::vector<NumberType> types_;
  std::deque<std::string> encoded_;  // what views refer to
  size_t encoded_bytes_ = 0;
};

}  // namespace

Result<std::vector<std::vector<double>>> ReadPickledRows(std::span<const uint8_t> bytes, size_t most) {
  return RowReader(most).Read(bytes);
}

}  // namespace lips
