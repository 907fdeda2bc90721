// Starts a generator as a copier of its reference picture, so that a run need not spend its first half on learning
// that.
#pragma once

#include <functional>

#include "base/result.h"
#include "train/torch/model.h"

namespace lips {

// Measures the statistics of every normalisation for `values`: a live forward pass over some pictures.
using MeasureStatistics = std::function<Status(WeightValues& values)>;

// Wires a few channels of the first and the last blocks: the reference's colours pass the first block, take the largest
// skip connection, and leave the last one as their logits, to which the final sigmoid is the inverse. Everything else
// keeps its random weights but adds little. Statistics are measured on the way. The wired channels are learned like all
// others. Errors: those of `measure`.
Status StartAsCopy(const Model& model, const MeasureStatistics& measure, WeightValues& values);

}  // namespace lips
