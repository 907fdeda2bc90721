#include "face/box_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "avatar/crop_rects.h"
#include "face/hand_rects.h"
#include "model/pickled_rows.h"
#include "tensor/npy.h"

namespace lips {
namespace {

constexpr size_t kMostBytes = size_t{64} << 20;
constexpr size_t kMostNumbers = 5;
constexpr double kLongest = 3;  // sides of a face's box to each other
using Rows = std::vector<std::vector<double>>;

bool BeginsWith(std::span<const uint8_t> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

Result<Rows> RowsOfNpy(std::span<const uint8_t> bytes) {
  ASSIGN_OR_RETURN(const Tensor array, ParseNpy(bytes));
  const Dims& dims = array.dims();
  const bool one = dims.size() == 1, table = dims.size() == 2;
  const int64_t columns = dims.empty() ? 0 : dims.back();
  if ((!one && !table) || columns < 4 || columns > static_cast<int64_t>(kMostNumbers)) {
    return Error(ErrorCode::kInvalidInput, "expected [frames,4], found " + ToString(dims));
  }
  const Tensor numbers = ToF32(array);
  const auto all = numbers.As<float>();
  Rows rows(static_cast<size_t>(one ? 1 : dims[0]));
  for (size_t k = 0; k < rows.size(); ++k) {
    const auto row = all.subspan(k * static_cast<size_t>(columns), static_cast<size_t>(columns));
    rows[k].assign(row.begin(), row.end());
  }
  return rows;
}

Result<BoxFile> BoxesOf(const Rows& rows) {
  BoxFile file;
  for (const auto& row : rows) {
    const std::string where = "box " + std::to_string(file.boxes.size());
    if (row.empty() || std::ranges::all_of(row, [](double value) { return value == 0; })) {
      file.boxes.emplace_back();
      continue;
    }
    if (row.size() < 4) {
      return Error(ErrorCode::kInvalidInput, where + " has " + std::to_string(row.size()) + " numbers; expected 4");
    }
    if (!std::ranges::all_of(row, [](double value) { return std::isfinite(value); })) {
      return Error(ErrorCode::kCorrupted, where + " has a number that is none");
    }
    file.boxes.emplace_back(std::array<double, 4>{row[0], row[1], row[2], row[3]});
  }
  if (!file.boxes.empty()) return file;
  return Error(ErrorCode::kInvalidInput, "it holds no box");
}

Result<BoxFile> Parse(std::span<const uint8_t> bytes, int64_t frames) {
  if (BeginsWith(bytes, "\x80")) {
    ASSIGN_OR_RETURN(const Rows rows, ReadPickledRows(bytes, kMostNumbers));
    return BoxesOf(rows);
  }
  if (BeginsWith(bytes, "\x93NUMPY")) {
    ASSIGN_OR_RETURN(const Rows rows, RowsOfNpy(bytes));
    return BoxesOf(rows);
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  ASSIGN_OR_RETURN(const auto rects, ParseHandRects(text, frames));
  BoxFile file;
  file.order = BoxOrder::kX1Y1X2Y2;
  for (const Rect& rect : rects) {
    file.boxes.emplace_back(std::array<double, 4>{static_cast<double>(rect.x), static_cast<double>(rect.y),
                                                  static_cast<double>(rect.right()),
                                                  static_cast<double>(rect.bottom())});
  }
  return file;
}

bool MayBeFace(const std::array<double, 4>& box, BoxOrder order, int width, int height) {
  const auto rect = RectOfBox(box, order);
  if (!rect.ok()) return false;
  const Rect& r = rect.value();
  const double ratio = static_cast<double>(r.width) / r.height;
  const bool touches = r.right() > 0 && r.bottom() > 0 && r.x < width && r.y < height;
  // A box may stick out of the picture, but not by more than itself.
  const bool inside = r.right() <= width + r.width / 2 && r.bottom() <= height + r.height / 2 && r.x >= -r.width / 2 &&
                      r.y >= -r.height / 2;
  return touches && inside && ratio < kLongest && ratio > 1 / kLongest;
}

}  // namespace

Result<Rect> RectOfBox(const std::array<double, 4>& box, BoxOrder order) {
  if (order == BoxOrder::kY1Y2X1X2) return RectFromCorners(box[2], box[0], box[3], box[1]);
  return RectFromCorners(box[0], box[1], box[2], box[3]);
}

Result<BoxFile> ReadBoxFile(const Path& file, int64_t frames) {
  ASSIGN_OR_RETURN(const auto bytes, ReadFile(file, kMostBytes));
  if (file.extension() == ".pkl" && !BeginsWith(bytes, "\x80")) {
    return Error(ErrorCode::kUnsupported,
                 "'" + file.string() + "' is no pickle of protocol 2 or later; pickle.dump it again with protocol=4");
  }
  auto boxes = Parse(bytes, frames);
  if (!boxes.ok()) return std::move(boxes).TakeError().Within("'" + file.string() + "'");
  return boxes;
}

Result<BoxOrder> GuessBoxOrder(const BoxFile& file, int width, int height) {
  if (file.order != BoxOrder::kUnknown) return file.order;
  bool first = true, second = true;
  for (size_t k = 0; k < file.boxes.size(); ++k) {
    if (!file.boxes[k]) continue;
    first = first && MayBeFace(*file.boxes[k], BoxOrder::kX1Y1X2Y2, width, height);
    second = second && MayBeFace(*file.boxes[k], BoxOrder::kY1Y2X1X2, width, height);
    if (first || second) continue;
    return Error(ErrorCode::kInvalidInput, "box " + std::to_string(k) + " is no face of a " + std::to_string(width) +
                                               "x" + std::to_string(height) +
                                               " picture, neither as x1,y1,x2,y2 nor as y1,y2,x1,x2 like those before");
  }
  if (first && second) return BoxOrder::kUnknown;
  return first ? BoxOrder::kX1Y1X2Y2 : BoxOrder::kY1Y2X1X2;
}

}  // namespace lips
