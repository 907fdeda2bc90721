#include "bench/start_bench.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/stats.h"
#include "bench/child.h"
#include "composite/compatible.h"
#include "engine/session.h"
#include "talker/face_samples.h"
#include "talker/packed_network.h"

namespace lips {
namespace {

constexpr int kRounds = 5;
constexpr std::array kParts = {"avatar_ms", "engine_ms", "template_ms", "prepare_ms", "generate_ms", "composite_ms"};

struct Entry {
  EngineVariant variant;
  std::vector<double> ms = {};
  std::array<std::vector<double>, kParts.size()> parts = {};
};

std::vector<std::string> ChildArguments(const BenchJob& job, const EngineVariant& variant) {
  std::vector<std::string> words = {"bench",        "first-frame",
                                    "--avatar",     job.avatar.string(),
                                    "--engines",    std::string(Name(variant.engine)),
                                    "--precisions", std::string(Name(variant.precision)),
                                    "--threads",    std::to_string(job.threads.back())};
  if (job.avatar_options.model) words.insert(words.end(), {"--model", job.avatar_options.model->string()});
  return words;
}

// The child says itself why an engine cannot run here.
Status Take(const BenchJob& job, bool counts, Entry& entry) {
  ASSIGN_OR_RETURN(const ChildRun run, RunChild(kThisProgram, ChildArguments(job, entry.variant)));
  ASSIGN_OR_RETURN(const Json parts, ParseJson(run.out));
  if (const Json* why = parts.Find("unsupported"); why != nullptr) {
    return Error(ErrorCode::kUnsupported, why->as_string());
  }
  if (!counts) return {};
  entry.ms.push_back(run.first_line_ms);
  for (size_t i = 0; i < kParts.size(); ++i) {
    const Json* part = parts.Find(kParts[i]);
    entry.parts[i].push_back(part == nullptr ? 0 : part->as_double());
  }
  return {};
}

}  // namespace

Result<Json> MakeFirstFrame(const BenchJob& job) {
  Json parts = Json::Object();
  Stopwatch watch;
  size_t next = 0;
  const auto lap = [&] {
    parts.Set(kParts[next++], watch.ElapsedMs());
    watch.Restart();
  };
  ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(job.avatar, job.avatar_options));
  lap();
  const std::vector<EngineVariant> variants = Variants(job);
  if (variants.empty()) return Error(ErrorCode::kInvalidInput, "no engine was named");
  GeneratorOptions options = OptionsOf(variants[0], job.threads.back(), false);
  if (const int level = avatar.origin().network_level; level != 0) {
    options.template_level = static_cast<TemplateLevel>(level);
  }
  if (variants[0].precision == Precision::kInt8) RETURN_IF_ERROR(UseFaceSamples(avatar, options));
  UsePackedNetwork(avatar, job.avatar_options.model.has_value(), options);
  std::unique_ptr<Generator> generator;
  if (variants[0].engine == Backend::kNull) {
    ASSIGN_OR_RETURN(generator, OpenGenerator(Path(), options));
  } else {
    ASSIGN_OR_RETURN(const FilePart model, avatar.generator_model());
    ASSIGN_OR_RETURN(generator, OpenGenerator(model, options));
  }
  lap();
  ASSIGN_OR_RETURN(const auto templates, avatar.OpenTemplates());
  TemplateFace face;
  RETURN_IF_ERROR(templates->Read(0, face));
  lap();
  ASSIGN_OR_RETURN(const auto prepared, generator->Prepare(face.inputs.roi.view(), face.inputs.masked.view()));
  lap();
  const std::vector<float> silence(static_cast<size_t>(generator->audio_floats()));
  Image mouth(generator->size_px(), generator->size_px());
  const Generator::Job frame = {.face = prepared.get(), .audio = silence, .mouth = mouth.view()};
  RETURN_IF_ERROR(generator->Generate({&frame, 1}));
  lap();
  CompatibleComposite composite;
  composite.Paste(face.inputs.crop.view(), mouth.view(), avatar.rects()[0], face.frame.view());
  lap();
  return parts;
}

Result<BenchReport> MeasureStart(const BenchJob& job) {
  BenchReport report;
  std::vector<Entry> entries;
  for (const EngineVariant& variant : Variants(job)) entries.push_back({.variant = variant});
  const int rounds = job.RoundsOr(kRounds);
  for (int round = 0; round <= rounds; ++round) {
    for (size_t i = 0; i < entries.size();) {
      Status taken = Take(job, round > 0, entries[i]);
      if (taken.ok()) {
        ++i;
        continue;
      }
      if (taken.error().code() != ErrorCode::kUnsupported) return std::move(taken).TakeError();
      report.Skip(entries[i].variant.engine, entries[i].variant.precision, taken.error());
      entries.erase(entries.begin() + static_cast<ptrdiff_t>(i));
    }
    RETURN_IF_ERROR(job.Report(round, rounds));
  }
  const auto ort = std::ranges::find(entries, Backend::kOnnxRuntime, [](const Entry& e) { return e.variant.engine; });
  const double ort_ms = ort == entries.end() ? 0 : Summarise(ort->ms).median_ms;
  for (const Entry& entry : entries) {
    Json row = Json::Object({{"engine", Name(entry.variant.engine)},
                             {"precision", Name(entry.variant.precision)},
                             {"threads", job.threads.back()}});
    const Summary summary = Summarise(entry.ms);
    SetSummary(summary, row);
    row.Set("ratio_to_ort", Ratio(ort_ms, summary.median_ms));
    for (size_t i = 0; i < kParts.size(); ++i) row.Set(kParts[i], Summarise(entry.parts[i]).median_ms);
    report.results.push_back(std::move(row));
  }
  return UnlessEmpty(std::move(report));
}

}  // namespace lips
