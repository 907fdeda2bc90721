#include "train/torch/batch.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <array>

namespace lips {
namespace {

// A picture of which one half, by columns, is off by `error` (B, G, R).
double LossOf(const std::array<double, 3>& error) {
  Batch batch;
  batch.pictures = 1;
  batch.target = at::full({1, 3, 8, 8}, 0.5);
  batch.weight = at::ones({8, 8});
  at::Tensor drawn = batch.target.clone();
  for (int64_t c = 0; c < 3; ++c) drawn.select(1, c).narrow(2, 0, 4) += error[static_cast<size_t>(c)];
  return PictureLoss(batch, drawn).item<double>();
}

TEST(PictureLoss, CountsAWrongColourMoreThanAWrongLightness) {
  EXPECT_EQ(LossOf({0, 0, 0}), 0);
  const double lightness = LossOf({0.1, 0.1, 0.1});
  const double colour = LossOf({0.1, -0.1, 0.1});  // as far from what it should be
  EXPECT_NEAR(colour - lightness, 0.2 / 2, 1e-6);  // blue and red differ from green by 0.2 in half of the picture
  EXPECT_NEAR(LossOf({-0.1, 0.1, -0.1}), colour, 1e-6);
}

TEST(PictureLoss, CountsAChangeThatIsNoneBesideTheErrorsThemselves) {
  Batch batch;
  batch.pictures = 2;
  batch.target = at::full({2, 3, 8, 8}, 0.5);
  batch.weight = at::ones({8, 8});
  const at::Tensor same = batch.target + 0.1;
  at::Tensor apart = batch.target.clone();
  apart[0] += 0.1;
  apart[1] -= 0.1;
  EXPECT_NEAR(PictureLoss(batch, same).item<double>(), 0.1, 1e-6);
  EXPECT_NEAR(PictureLoss(batch, apart).item<double>(), 0.1 + 0.5 * 0.2, 1e-6);
}

}  // namespace
}  // namespace lips
