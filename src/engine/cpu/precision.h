// Finds out in which precision a network may run: measures what 8 bits and bf16 cost on frames of an avatar.
#pragma once

#include <map>
#include <span>
#include <string>

#include "base/result.h"
#include "engine/cpu/pair.h"

namespace lips::cpu {

// Between two pictures with a peak of 1, in decibels: over the whole picture, and over the mouth or the chin
// (image/mouth_area.h), whichever lost more.
struct Fidelity {
  double picture_db = 0;
  double mouth_db = 0;
};

// The worst over `pictures`, each [3, size_px, size_px].
Fidelity Compare(std::span<const std::vector<float>> expected, std::span<const std::vector<float>> actual, int size_px);

// A choice of modes with what it was measured to keep.
struct MixedPrecision {
  std::map<std::string, Mode, std::less<>> exceptions;  // steps that stay in bf16, by the name of their output
  Calibration calibration;
  Fidelity fidelity;
  int steps = 0;  // of the tail, that have a mode
};

// Which steps of the tail may run in 8 bits so that the mouth keeps `least_db` of the f32 picture, with the most work
// in 8 bits: steps leave them in the order of error per multiply-add. No clock is asked, so the same samples find the
// same. Ranges come from the first half of `samples` and the fidelity from the others (from all of them when there is
// one only). Takes seconds. Errors: kInvalidInput without samples; kUnsupported when not even bf16 keeps `least_db`.
Result<MixedPrecision> FindMixedPrecision(const CutNetwork& network, std::span<const Sample> samples, double least_db);

// What the tail and head keep of the f32 picture in bf16.
Result<Fidelity> MeasureBf16(const CutNetwork& network, std::span<const Sample> samples);

}  // namespace lips::cpu
