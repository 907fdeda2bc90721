#include "verify/picture_difference.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace lips {
namespace {

constexpr int kBlock = 8;
constexpr int kStep = 4;

Rect Clipped(Rect region, ConstImageView picture) {
  const int x = std::clamp(region.x, 0, picture.width), y = std::clamp(region.y, 0, picture.height);
  return {x, y, std::clamp(region.right(), x, picture.width) - x, std::clamp(region.bottom(), y, picture.height) - y};
}

// SSIM of one block. Constants as in the paper, for 8 bits.
double BlockSsim(ConstImageView a, ConstImageView b, Rect block) {
  constexpr double kC1 = 6.5025, kC2 = 58.5225;
  double sum_a = 0, sum_b = 0, squares_a = 0, squares_b = 0, products = 0;
  for (int y = block.y; y < block.bottom(); ++y) {
    for (int x = block.x; x < block.right(); ++x) {
      const double va = LumaOf(a.Row(y) + 3 * x), vb = LumaOf(b.Row(y) + 3 * x);
      sum_a += va;
      sum_b += vb;
      squares_a += va * va;
      squares_b += vb * vb;
      products += va * vb;
    }
  }
  const double n = static_cast<double>(block.width) * block.height;
  const double mean_a = sum_a / n, mean_b = sum_b / n;
  const double var_a = squares_a / n - mean_a * mean_a, var_b = squares_b / n - mean_b * mean_b;
  const double covariance = products / n - mean_a * mean_b;
  return (2 * mean_a * mean_b + kC1) * (2 * covariance + kC2) /
         ((mean_a * mean_a + mean_b * mean_b + kC1) * (var_a + var_b + kC2));
}

double Ssim(ConstImageView a, ConstImageView b, Rect region) {
  const int width = std::min(kBlock, region.width), height = std::min(kBlock, region.height);
  double sum = 0;
  int64_t blocks = 0;
  for (int y = region.y; y + height <= region.bottom(); y += kStep) {
    for (int x = region.x; x + width <= region.right(); x += kStep) {
      sum += BlockSsim(a, b, {x, y, width, height});
      ++blocks;
    }
  }
  return blocks > 0 ? sum / static_cast<double>(blocks) : 1;
}

void Frame(Rect rect, ImageView picture) {
  const Rect inside = Clipped(rect, picture);
  const auto mark = [&](int x, int y) {
    if (x < 0 || y < 0 || x >= picture.width || y >= picture.height) return;
    uint8_t* pixel = picture.Row(y) + 3 * x;
    pixel[0] = 0, pixel[1] = 255, pixel[2] = 255;
  };
  for (int x = inside.x; x < inside.right(); ++x) mark(x, rect.y), mark(x, rect.bottom() - 1);
  for (int y = inside.y; y < inside.bottom(); ++y) mark(rect.x, y), mark(rect.right() - 1, y);
}

}  // namespace

double SquaredError::PsnrDb() const {
  if (sum <= 0 || samples <= 0) return kEqualDb;
  return std::min(kEqualDb, 10 * std::log10(255.0 * 255.0 * samples / sum));
}

void AddSquaredError(ConstImageView a, ConstImageView b, Rect region, SquaredError& error) {
  const Rect inside = Clipped(region, a);
  for (int y = inside.y; y < inside.bottom(); ++y) {
    int64_t row = 0;
    for (int i = 3 * inside.x; i < 3 * inside.right(); ++i) {
      const int d = a.Row(y)[i] - b.Row(y)[i];
      row += d * d;
    }
    error.sum += static_cast<double>(row);
  }
  error.samples += 3.0 * inside.width * inside.height;
}

PictureDifference Difference(ConstImageView a, ConstImageView b, Rect region) {
  const Rect inside = Clipped(region, a);
  PictureDifference difference;
  SquaredError error;
  AddSquaredError(a, b, inside, error);
  if (error.sum == 0) return difference;
  difference.psnr_db = error.PsnrDb();
  difference.ssim = Ssim(a, b, inside);
  for (int y = inside.y; y < inside.bottom(); ++y) {
    for (int i = 3 * inside.x; i < 3 * inside.right(); ++i) {
      difference.max_error = std::max(difference.max_error, std::abs(a.Row(y)[i] - b.Row(y)[i]));
    }
  }
  return difference;
}

Image SideBySide(ConstImageView a, ConstImageView b, Rect region) {
  Image all(3 * a.width, a.height);
  const ImageView left = all.view().Crop({0, 0, a.width, a.height});
  const ImageView middle = all.view().Crop({a.width, 0, a.width, a.height});
  const ImageView right = all.view().Crop({2 * a.width, 0, a.width, a.height});
  CopyPixels(a, left);
  CopyPixels(b, middle);
  for (int y = 0; y < a.height; ++y) {
    for (int i = 0; i < 3 * a.width; ++i) {
      right.Row(y)[i] = static_cast<uint8_t>(std::clamp(128 + 8 * (a.Row(y)[i] - b.Row(y)[i]), 0, 255));
    }
  }
  if (region.width > 0) {
    Frame(region, left);
    Frame(region, middle);
  }
  return all;
}

}  // namespace lips
