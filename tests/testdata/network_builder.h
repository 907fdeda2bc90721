// Puts layers together as a Graph, spelled as PyTorch's exporter would.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/builder.h"
#include "tests/testdata/layer.h"

namespace lips::testdata {

struct Spelling {
  int opset = 17;               // 11 to 17
  int64_t batch = kDynamicDim;  // or a fixed one
  bool fold_batch_norm = true;  // false: Conv, BatchNormalization, Relu; the same function
};

class NetworkBuilder {
 public:
  NetworkBuilder(std::string name, const Spelling& spelling);

  ValueId Input(const std::string& name, Dims dims_without_batch);
  ValueId Conv(const ConvLayer& layer, ValueId x);  // with its normalisation and ReLU
  ValueId Block(const InvertedResidual& block, ValueId x);
  ValueId Block(const DoubleBlock& block, ValueId x);
  ValueId Add(ValueId a, ValueId b);
  ValueId Relu(ValueId x);
  ValueId Sigmoid(ValueId x);
  ValueId ConcatChannels(ValueId a, ValueId b);
  ValueId UpsampleTwice(ValueId x);  // bilinear, aligned corners
  ValueId FlattenRows(ValueId x);    // [N, C, 1, 1] to [N, C]
  void Output(const std::string& name, ValueId x, Dims dims_without_batch);
  Graph Finish() &&;

 private:
  ValueId Weights(const std::string& name, Dims dims, std::span<const float> values);
  ValueId AddConv(const ConvLayer& layer, std::vector<ValueId> inputs);
  ValueId UnfoldedConv(const ConvLayer& layer, ValueId x);

  std::string name_;
  Spelling spelling_;
  GraphBuilder graph_;
  Seeded statistics_{20261122};  // of the unfolded normalisations
};

}  // namespace lips::testdata
