#include "avatar/features_file.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "tensor/npy.h"

namespace lips {
namespace {

static_assert(std::endian::native == std::endian::little, "raw feature files are little endian");

constexpr size_t kMaxFeatureBytes = size_t{1} << 30;  // 5.8 hours of 512 floats at 25 rows a second

bool IsNpy(std::span<const uint8_t> bytes) {
  return bytes.size() >= 6 && std::memcmp(bytes.data(), "\x93NUMPY", 6) == 0;
}

// [N, ...] with `row_floats` floats per N.
Result<std::vector<float>> RowsOfNpy(std::span<const uint8_t> bytes, int row_floats) {
  ASSIGN_OR_RETURN(const Tensor array, ParseNpy(bytes));
  const bool fits = array.dims().size() >= 2 && array.dims()[0] > 0 && array.size() % array.dims()[0] == 0 &&
                    array.size() / array.dims()[0] == row_floats;
  if (!fits) {
    return Error(ErrorCode::kCorrupted,
                 "array is " + ToString(array.dims()) + "; expected [rows, " + std::to_string(row_floats) + "]");
  }
  const Tensor floats = ToF32(array);
  const auto values = floats.As<float>();
  return std::vector<float>(values.begin(), values.end());
}

Result<std::vector<float>> RowsOfRaw(std::span<const uint8_t> bytes, int row_floats) {
  const size_t row_bytes = static_cast<size_t>(row_floats) * sizeof(float);
  if (bytes.empty() || bytes.size() % row_bytes != 0) {
    return Error(ErrorCode::kCorrupted, "has " + std::to_string(bytes.size()) + " bytes; expected a multiple of " +
                                            std::to_string(row_bytes) + " (rows of " + std::to_string(row_floats) +
                                            " floats)");
  }
  std::vector<float> rows(bytes.size() / sizeof(float));
  std::memcpy(rows.data(), bytes.data(), bytes.size());
  return rows;
}

}  // namespace

Result<FeatureTrack> ReadFeatures(const Path& path, int row_floats) {
  ASSIGN_OR_RETURN(const FilePart file, FilePart::Open(path));
  return ReadFeatures(file, row_floats);
}

Result<FeatureTrack> ReadFeatures(const FilePart& file, int row_floats) {
  if (row_floats <= 0) {
    return Error(ErrorCode::kInvalidInput, "rows of " + std::to_string(row_floats) + " floats were asked for");
  }
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, file.ReadAll(kMaxFeatureBytes));
  auto rows = IsNpy(bytes) ? RowsOfNpy(bytes, row_floats) : RowsOfRaw(bytes, row_floats);
  if (!rows.ok()) return std::move(rows).TakeError().Within("features '" + file.name() + "'");
  FeatureTrack track{std::move(rows).value(), row_floats};
  for (size_t i = 0; i < track.rows.size(); ++i) {
    if (!std::isfinite(track.rows[i])) {
      return Error(ErrorCode::kCorrupted, "features '" + file.name() + "': row " +
                                              std::to_string(i / static_cast<size_t>(row_floats)) +
                                              " holds a value that is no number");
    }
  }
  return track;
}

}  // namespace lips
