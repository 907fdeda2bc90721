// The family's networks on torch: what a walk of model/family.h computes with while learning.
#pragma once

#include <ATen/ATen.h>

#include "model/family.h"
#include "train/torch/weights.h"

namespace lips {

struct NetOptions {
  at::ScalarType number = at::kFloat;  // activations, and what the replica was prepared for; parameters are f32
  double momentum = 0.05;              // of the running statistics
  bool depthwise_planes = false;       // channels outermost where each has a filter of its own: faster on some devices
  bool by_products = false;            // upsampling and 1x1 convolutions by matrices, as on every device but the CPU
  // The part of the picture that is shown, in cells of the deepest map (kCells a side).
  int first_row = 0;
  int first_column = 0;
};

// Values are [N, C, H, W], channels innermost in memory. One thread at a time; must not outlive `weights`, whose
// Prepare says how normalisations work.
class TorchNet {
 public:
  using Value = at::Tensor;

  TorchNet(const Replica& weights, const NetOptions& options) : weights_(weights), options_(options) {}

  Value Conv(const FamilyConv& conv, const Value& x);
  Value Relu(const Value& x);
  Value Sigmoid(const Value& x);
  Value Add(const Value& a, const Value& b);
  Value Concat(const Value& a, const Value& b);
  Value UpsampleTwice(const Value& x);

  // Brings numbers into the form Conv takes.
  Value Enter(const at::Tensor& x) const;
  void set_part_cells(int64_t rows) { part_rows_ = rows; }  // height of the deepest map that is shown

 private:
  const Replica& weights_;
  NetOptions options_;
  int64_t part_rows_ = 10;
};

}  // namespace lips
