#include "engine/cpu/mixed_precision.h"

#include <utility>

namespace lips::cpu {
namespace {

Json ToJson(const std::map<std::string, Range, std::less<>>& ranges) {
  Json all = Json::Object();
  for (const auto& [name, range] : ranges) {
    Json low(Json::Array{}), high(Json::Array{});
    for (const float value : range.low) low.Append(double{value});
    for (const float value : range.high) high.Append(double{value});
    all.Set(name, Json::Object({{"low", std::move(low)}, {"high", std::move(high)}}));
  }
  return all;
}

std::map<std::string, Range, std::less<>> ReadRanges(const Json* json) {
  std::map<std::string, Range, std::less<>> ranges;
  if (json == nullptr) return ranges;
  for (const auto& [name, value] : json->members()) {
    Range& range = ranges[name];
    if (const Json* low = value.Find("low")) {
      for (const Json& number : low->array()) range.low.push_back(static_cast<float>(number.as_double()));
    }
    if (const Json* high = value.Find("high")) {
      for (const Json& number : high->array()) range.high.push_back(static_cast<float>(number.as_double()));
    }
  }
  return ranges;
}

}  // namespace

Json ToJson(const Fidelity& fidelity) {
  return Json::Object({{"picture_db", fidelity.picture_db}, {"mouth_db", fidelity.mouth_db}});
}

std::optional<Fidelity> ReadFidelity(const Json& json) {
  const Json* picture = json.Find("picture_db");
  const Json* mouth = json.Find("mouth_db");
  if (picture == nullptr || mouth == nullptr || !picture->is_number() || !mouth->is_number()) return {};
  return Fidelity{picture->as_double(), mouth->as_double()};
}

std::optional<MixedPrecision> ReadMixedPrecision(std::string_view text) {
  const auto json = ParseJson(text);
  if (!json.ok()) return {};
  const auto fidelity = ReadFidelity(json.value());
  const Json* steps = json.value().Find("steps");
  const Json* bf16 = json.value().Find("bf16");
  if (!fidelity || steps == nullptr || bf16 == nullptr) return {};
  MixedPrecision mixed;
  mixed.fidelity = *fidelity;
  mixed.steps = static_cast<int>(steps->as_int());
  for (const Json& name : bf16->array()) mixed.exceptions[name.as_string()] = Mode::kBf16;
  mixed.calibration.values = ReadRanges(json.value().Find("values"));
  mixed.calibration.depths = ReadRanges(json.value().Find("depths"));
  return mixed;
}

std::string WriteMixedPrecision(const MixedPrecision& mixed) {
  Json json = ToJson(mixed.fidelity);
  Json bf16(Json::Array{});
  for (const auto& [name, mode] : mixed.exceptions) bf16.Append(name);
  json.Set("steps", mixed.steps);
  json.Set("bf16", std::move(bf16));
  json.Set("values", ToJson(mixed.calibration.values));
  json.Set("depths", ToJson(mixed.calibration.depths));
  return json.Dump(true);
}

}  // namespace lips::cpu
