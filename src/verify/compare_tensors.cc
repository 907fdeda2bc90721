#include "verify/compare_tensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "tensor/npy.h"
#include "verify/picture_difference.h"

namespace lips {
namespace {

bool IsExport(const Path& path) {
  std::error_code failed;
  return std::filesystem::exists(path / "visual_input.bin", failed);
}

Result<Tensor> ReadF32(const Path& path) {
  if (path.extension() == ".npy") {
    ASSIGN_OR_RETURN(const Tensor tensor, ReadNpy(path));
    return ToF32(tensor);
  }
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadFile(path));
  if (bytes.size() % sizeof(float) != 0) {
    return Error(ErrorCode::kCorrupted, "'" + path.string() + "' has " + std::to_string(bytes.size()) +
                                            " bytes, which is no whole number of 32-bit floats");
  }
  Tensor tensor(DType::kF32, {static_cast<int64_t>(bytes.size() / sizeof(float))});
  if (!bytes.empty()) std::memcpy(tensor.data(), bytes.data(), bytes.size());
  return tensor;
}

Result<ComparedTensor> ComparePair(const Path& a_path, const Path& b_path) {
  ASSIGN_OR_RETURN(const Tensor a, ReadF32(a_path));
  ASSIGN_OR_RETURN(const Tensor b, ReadF32(b_path));
  if (a.dims() != b.dims()) {
    return Error(ErrorCode::kInvalidInput, "'" + a_path.string() + "' is " + ToString(a.dims()) + ", but '" +
                                               b_path.string() + "' " + ToString(b.dims()));
  }
  ComparedTensor compared;
  compared.name = a_path.filename().string();
  compared.dims = a.dims();
  const auto left = a.As<float>(), right = b.As<float>();
  double sum = 0, squares = 0, least = 0, most = 0;
  for (size_t i = 0; i < left.size(); ++i) {
    if (std::isnan(left[i]) != std::isnan(right[i])) {
      return Error(ErrorCode::kCorrupted, "element " + std::to_string(i) + " is NaN in only one of '" +
                                              a_path.string() + "' and '" + b_path.string() + "'");
    }
    if (std::isnan(left[i]) || left[i] == right[i]) continue;  // equal infinities too
    const double error = std::abs(static_cast<double>(left[i]) - static_cast<double>(right[i]));
    if (error > compared.max_error || compared.worst_index < 0) {
      compared.max_error = error;
      compared.worst_index = static_cast<int64_t>(i);
    }
    sum += error;
    squares += error * error;
  }
  for (const float value : left) {
    if (!std::isfinite(value)) continue;
    least = std::min(least, static_cast<double>(value));
    most = std::max(most, static_cast<double>(value));
  }
  const auto count = static_cast<double>(std::max<size_t>(left.size(), 1));
  const double range = most - least;
  compared.mean_error = sum / count;
  compared.psnr_db = squares == 0 ? kEqualDb : std::min(kEqualDb, 10 * std::log10(range * range * count / squares));
  return compared;
}

}  // namespace

bool IsTensorFile(const Path& path) {
  return path.extension() == ".npy" || path.extension() == ".bin" || IsExport(path);
}

Result<TensorReport> CompareTensors(const Path& a, const Path& b) {
  std::vector<std::pair<Path, Path>> pairs;
  if (IsExport(a) != IsExport(b)) {
    return Error(ErrorCode::kInvalidInput,
                 "only one of '" + a.string() + "' and '" + b.string() + "' is a folder that 'lipstream export' wrote");
  }
  if (IsExport(a)) {
    for (const char* name : {"visual_input.bin", "audio_input.bin"}) pairs.emplace_back(a / name, b / name);
  } else {
    pairs.emplace_back(a, b);
  }
  TensorReport report;
  for (const auto& [left, right] : pairs) {
    ASSIGN_OR_RETURN(ComparedTensor compared, ComparePair(left, right));
    report.metrics.push_back({compared.name + " error", compared.max_error, "", Bound::kAtMost, std::nullopt,
                              "largest difference of two elements", -1});
    report.metrics.push_back({compared.name + " psnr", compared.psnr_db, "dB", Bound::kAtLeast, std::nullopt,
                              "of the first one's range", -1});
    report.tensors.push_back(std::move(compared));
  }
  return report;
}

Json TensorReport::ToJson() const {
  Json::Array list;
  for (const ComparedTensor& tensor : tensors) {
    Json::Array dims;
    for (const int64_t dim : tensor.dims) dims.emplace_back(dim);
    list.push_back(Json::Object({{"name", tensor.name},
                                 {"dims", std::move(dims)},
                                 {"max_error", tensor.max_error},
                                 {"mean_error", tensor.mean_error},
                                 {"psnr_db", tensor.psnr_db},
                                 {"worst_index", tensor.worst_index}}));
  }
  return Json::Object({{"ok", AllOk(metrics)}, {"tensors", std::move(list)}, {"metrics", lips::ToJson(metrics)}});
}

}  // namespace lips
