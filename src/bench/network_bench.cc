#include "bench/network_bench.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "base/sha256.h"
#include "base/stats.h"
#include "bench/contender.h"
#include "bench/truth.h"
#include "composite/jaw_mask.h"
#include "engine/generator.h"
#include "model/onnx.h"
#include "model/shape.h"

namespace lips {
namespace {

constexpr size_t kFrames = 4;
constexpr int kReferenceRounds = 3;
constexpr double kSessionFps = 25;
constexpr int kOrtCachedLevel = static_cast<int>(TemplateLevel::kSkips);
constexpr int64_t kMemoryBudgetBytes = int64_t{6} << 30;

// What a row is about, batches apart.
struct Setting {
  Backend engine = Backend::kOnnxRuntime;
  Precision precision = Precision::kF32;
  int cache = 0;
  bool mouth_only = false;
  bool is_peer = false;
};

struct Entry {
  Setting setting;
  std::unique_ptr<Contender> contender;
  double psnr_db = 0;
  double first_ms = 0;
  std::vector<std::vector<double>> ms;  // per batch size, of the whole batch
};

Summary PerFrame(std::vector<double> ms, int batch) {
  for (double& value : ms) value /= batch;
  return Summarise(std::move(ms));
}

int64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");  // in pages: all, resident, ...
  int64_t total = 0;
  int64_t resident = 0;
  if (!(statm >> total >> resident)) return 0;
  return resident * ::sysconf(_SC_PAGESIZE);
}

Result<double> WholeModelMacs(const Graph& graph) {
  ASSIGN_OR_RETURN(const auto dims, ConcreteInputDims(graph, 1));
  ASSIGN_OR_RETURN(const Graph inferred, InferShapes(graph, dims));
  double macs = 0;
  for (const Node& node : inferred.nodes) macs += static_cast<double>(MacCount(inferred, node));
  return macs;
}

class NetworkBench {
 public:
  NetworkBench(const NetworkBenchRequest& request, FilePart model, const Graph& graph, GeneratorBinding binding,
               double macs, const FaceSamples& material, const std::vector<Image>& truth)
      : request_(request),
        model_(std::move(model)),
        graph_(graph),
        binding_(std::move(binding)),
        macs_(macs),
        material_(material),
        truth_(truth),
        jaw_(JawMask(binding_.size_px)) {
    Sha256 hash;
    for (const FaceSample& frame : material_.faces) {
      for (const Image* picture : {&frame.roi, &frame.masked}) {
        const ConstImageView view = picture->view();
        for (int y = 0; y < view.height; ++y) hash.Add({view.Row(y), static_cast<size_t>(3 * view.width)});
      }
      hash.AddValues(std::span<const float>(frame.audio));
    }
    samples_key_ = hash.Hex();
  }

  Result<BenchReport> Run();

 private:
  bool OnDevice() const { return request_.device != Provider::kCpu || request_.resident; }
  bool Wants(Backend engine) const { return std::ranges::find(request_.engines, engine) != request_.engines.end(); }
  std::vector<Setting> Settings() const;
  std::vector<Setting> DeviceSettings() const;
  void AddCudaSettings(std::vector<Setting>& settings) const;
  int HighestLevel() const { return request_.cache_levels.empty() ? 0 : std::ranges::max(request_.cache_levels); }
  GeneratorOptions Options(const Setting& setting) const;
  std::vector<FaceSample> Samples() const;
  Result<std::unique_ptr<Contender>> Open(const Setting& setting);
  Result<Entry> OpenEntry(const Setting& setting);
  Status RunGroup(std::vector<Entry>& group);
  Status TakeTurn(Entry& entry, int round);
  Status Harvest(const std::vector<Entry>& group);
  Json Row(const Entry& entry, size_t batch_index, double peer_ms) const;
  Status ReportProgress(int64_t turns);

  const NetworkBenchRequest& request_;
  FilePart model_;
  const Graph& graph_;  // in model_
  GeneratorBinding binding_;
  double macs_;
  const FaceSamples& material_;
  const std::vector<Image>& truth_;
  std::vector<uint8_t> jaw_;
  std::string samples_key_;

  int threads_ = 1;  // of the group at hand
  double peak_gflops_for(const Setting& setting) const;
  // Open generators of this thread count: levels 0 and 2 share one.
  std::map<std::tuple<Backend, Precision, TemplateLevel, bool>, std::weak_ptr<Generator>> generators_;
  BenchReport report_;
  bool peer_reported_ = false;  // for this thread count
  bool any_wanted_ = false;
  int64_t done_ = 0;
  int64_t total_ = 0;
};

void NetworkBench::AddCudaSettings(std::vector<Setting>& settings) const {
  if (!Wants(Backend::kCuda)) return;
  const Setting none = {.engine = Backend::kCuda, .precision = Precision::kF16};
  if (!request_.mouth_only && std::ranges::find(request_.cache_levels, 0) != request_.cache_levels.end()) {
    settings.push_back(none);
  }
  Setting highest = none;
  highest.cache = HighestLevel();
  if (!request_.mouth_only && highest.cache > 0) settings.push_back(highest);
  highest.mouth_only = true;
  settings.push_back(highest);
}

std::vector<Setting> NetworkBench::DeviceSettings() const {
  const bool half = std::ranges::find(request_.precisions, Precision::kF16) != request_.precisions.end();
  const Precision peer = half || request_.precisions.empty() ? Precision::kF16 : request_.precisions[0];
  const auto& levels = request_.cache_levels;
  const bool whole = std::ranges::find(levels, 0) != levels.end();
  const bool cached = std::ranges::any_of(levels, [](int level) { return level > 0; });
  std::vector<Setting> settings;
  if (whole || Wants(Backend::kCuda)) settings.push_back({.precision = peer, .is_peer = true});
  for (const Precision precision : request_.precisions) {
    if (!Wants(Backend::kOnnxRuntime)) break;
    if (whole && precision != peer) settings.push_back({.precision = precision});
    if (cached) settings.push_back({.precision = precision, .cache = kOrtCachedLevel});
  }
  AddCudaSettings(settings);
  return settings;
}

std::vector<Setting> NetworkBench::Settings() const {
  if (OnDevice()) return DeviceSettings();
  std::vector<Setting> settings = {{.is_peer = true}};  // the peer comes first and stays
  const int highest = HighestLevel();
  if (Wants(Backend::kOnnxRuntime) && highest > 0) settings.push_back({.cache = kOrtCachedLevel});
  if (Wants(Backend::kReference)) settings.push_back({.engine = Backend::kReference});
  AddCudaSettings(settings);
  if (!Wants(Backend::kCpu)) return settings;
  for (const Precision precision : request_.precisions) {
    for (const int cache : request_.cache_levels) {
      const Setting full = {.engine = Backend::kCpu, .precision = precision, .cache = cache};
      if (!request_.mouth_only) settings.push_back(full);
      if (!request_.mouth_only && cache != highest) continue;
      Setting mouth = full;
      mouth.mouth_only = true;
      settings.push_back(mouth);
    }
  }
  return settings;
}

// All frames there are: some calibrate, the others judge.
std::vector<FaceSample> NetworkBench::Samples() const {
  std::vector<FaceSample> samples;
  for (const FaceSample& frame : material_.faces) {
    samples.push_back({frame.roi.Clone(), frame.masked.Clone(), frame.audio});
  }
  return samples;
}

GeneratorOptions NetworkBench::Options(const Setting& setting) const {
  GeneratorOptions options;
  options.session = {.backend = setting.engine,
                     .provider = setting.engine == Backend::kOnnxRuntime ? request_.device : Provider::kCpu,
                     .threads = threads_,
                     .precision = setting.precision,
                     .spin = true};
  // Without a cache: the level at which preparing costs no more than it saves.
  options.session.resident = request_.resident;
  options.template_level = setting.cache == 0 ? TemplateLevel::kSkips : static_cast<TemplateLevel>(setting.cache);
  if (setting.mouth_only) options.used = jaw_;
  options.samples = [this] { return Samples(); };
  options.samples_key = samples_key_;
  options.session.may_delegate = false;
  options.prove = false;  // every row says how far it is from the reference
  return options;
}

Result<std::unique_ptr<Contender>> NetworkBench::Open(const Setting& setting) {
  const GeneratorOptions options = Options(setting);
  const bool ours = setting.engine == Backend::kCpu || setting.engine == Backend::kCuda;
  if (!ours && setting.cache == 0) {
    return OpenWholeModel(graph_, binding_, options.session, material_);
  }
  auto& known = generators_[{setting.engine, setting.precision, options.template_level, setting.mouth_only}];
  std::shared_ptr<Generator> generator = known.lock();
  if (generator == nullptr) {
    ASSIGN_OR_RETURN(generator, OpenGenerator(model_, options));
    known = generator;
  }
  const bool on_device = OnDevice() || setting.engine == Backend::kCuda;
  const size_t most = request_.batches.empty() ? 1 : static_cast<size_t>(std::ranges::max(request_.batches));
  const auto copies = static_cast<int>(on_device ? (most + kFrames - 1) / kFrames : 1);
  return MakeGeneratorContender(std::move(generator), setting.cache > 0, material_, copies);
}

Result<Entry> NetworkBench::OpenEntry(const Setting& setting) {
  Entry entry;
  entry.setting = setting;
  entry.ms.resize(request_.batches.size());
  ASSIGN_OR_RETURN(entry.contender, Open(setting));
  constexpr size_t kFirst[] = {0};
  RETURN_IF_ERROR(entry.contender->Load(kFirst));
  const Stopwatch watch;
  RETURN_IF_ERROR(entry.contender->Run());
  entry.first_ms = watch.ElapsedMs();
  ASSIGN_OR_RETURN(const std::vector<Image> pictures, PicturesOf(*entry.contender, kFrames));  // also the warm-up
  entry.psnr_db = PsnrDb(truth_, pictures, setting.mouth_only ? jaw_ : std::vector<uint8_t>());
  return entry;
}

Status NetworkBench::ReportProgress(int64_t turns) {
  done_ += turns;
  return request_.progress ? request_.progress(done_, total_) : Status();
}

Status NetworkBench::TakeTurn(Entry& entry, int round) {
  std::vector<size_t> frames;
  const auto load = [&](size_t count) {
    frames.clear();
    for (size_t i = 0; i < count; ++i) frames.push_back((static_cast<size_t>(round) + i) % kFrames);
    return entry.contender->Load(frames);
  };
  RETURN_IF_ERROR(load(1));
  RETURN_IF_ERROR(entry.contender->Run());  // not timed
  for (size_t b = 0; b < request_.batches.size(); ++b) {
    RETURN_IF_ERROR(load(static_cast<size_t>(request_.batches[b])));
    const Stopwatch watch;
    RETURN_IF_ERROR(entry.contender->Run());
    entry.ms[b].push_back(watch.ElapsedMs());
  }
  return {};
}

Status NetworkBench::RunGroup(std::vector<Entry>& group) {
  for (Entry& entry : group) {  // a batch size's first run allocates
    for (const int batch : request_.batches) {
      const std::vector<size_t> frames(static_cast<size_t>(batch), 0);
      RETURN_IF_ERROR(entry.contender->Load(frames));
      RETURN_IF_ERROR(entry.contender->Run());
    }
  }
  for (int round = 0; round < request_.rounds; ++round) {
    for (Entry& entry : group) {
      const bool sits_out = entry.setting.engine == Backend::kReference && round >= kReferenceRounds;
      Status turn = sits_out ? Status() : TakeTurn(entry, round);
      if (!turn.ok()) return std::move(turn).TakeError().Within("engine " + std::string(Name(entry.setting.engine)));
      RETURN_IF_ERROR(ReportProgress(1));
    }
  }
  return Harvest(group);
}

double NetworkBench::peak_gflops_for(const Setting& setting) const {
  if (OnDevice() || setting.engine == Backend::kCuda) {
    const auto of_device = std::ranges::find(request_.device_peaks, setting.precision, &DevicePeak::precision);
    return of_device == request_.device_peaks.end() ? 0 : of_device->matrix_gflops;
  }
  const auto peak = std::ranges::find(request_.peaks, threads_, &Peak::threads);
  return peak == request_.peaks.end() ? 0 : peak->For(setting.precision);
}

Json NetworkBench::Row(const Entry& entry, size_t batch_index, double peer_ms) const {
  const int batch = request_.batches[batch_index];
  const Summary summary = PerFrame(entry.ms[batch_index], batch);
  const double gflops = summary.median_ms > 0 ? 2 * macs_ / (summary.median_ms * 1e6) : 0;
  const double peak = peak_gflops_for(entry.setting);
  Json row = Json::Object({{"engine", Name(entry.setting.engine)},
                           {"device", entry.setting.engine == Backend::kCuda ? "cuda" : Name(request_.device)},
                           {"precision", Name(entry.setting.precision)},
                           {"cache", entry.setting.cache},
                           {"mouth_only", entry.setting.mouth_only},
                           {"threads", threads_},
                           {"batch", batch},
                           {"first_ms", entry.first_ms}});
  SetSummary(summary, row);
  const double frames_per_s = summary.median_ms > 0 ? 1000 / summary.median_ms : 0.0;
  row.Set("frames_per_s", frames_per_s);
  row.Set("sessions", static_cast<int64_t>(frames_per_s / kSessionFps));
  row.Set("ratio_to_ort", Ratio(peer_ms, summary.median_ms));
  row.Set("gflops", gflops);
  row.Set("peak_fraction", peak > 0 ? Json(gflops / peak) : Json());
  row.Set("psnr_db", entry.psnr_db);
  return row;
}

Status NetworkBench::Harvest(const std::vector<Entry>& group) {
  const bool has_peer = !group.empty() && group.front().setting.is_peer;
  for (const Entry& entry : group) {
    const bool peer = entry.setting.is_peer;
    if (peer && std::exchange(peer_reported_, true)) continue;  // of the first group
    if (Wants(entry.setting.engine)) any_wanted_ = true;
    for (size_t b = 0; b < request_.batches.size(); ++b) {
      const double peer_ms = has_peer ? PerFrame(group.front().ms[b], request_.batches[b]).median_ms : 0;
      report_.results.push_back(Row(entry, b, peer_ms));
    }
  }
  return {};
}

Result<BenchReport> NetworkBench::Run() {
  const std::vector<Setting> settings = Settings();
  total_ = static_cast<int64_t>(settings.size() * request_.threads.size()) * request_.rounds;
  for (const int threads : request_.threads) {
    threads_ = threads;
    peer_reported_ = false;
    generators_.clear();
    int64_t base = ResidentBytes();
    std::vector<Entry> group;
    for (const Setting& setting : settings) {
      auto entry = OpenEntry(setting);
      if (!entry.ok()) {
        report_.Skip(setting.engine, setting.precision, entry.error());
        RETURN_IF_ERROR(ReportProgress(request_.rounds));
        continue;
      }
      group.push_back(std::move(entry).value());
      if (ResidentBytes() - base < kMemoryBudgetBytes || group.size() < 2) continue;
      RETURN_IF_ERROR(RunGroup(group));
      group.resize(group.front().setting.is_peer ? 1 : 0);
      for (Entry& peer : group) peer.ms.assign(request_.batches.size(), {});
      ::malloc_trim(0);
      base = ResidentBytes();
    }
    if (group.size() > (peer_reported_ ? 1u : 0u)) RETURN_IF_ERROR(RunGroup(group));
  }
  if (any_wanted_ || report_.skipped.empty()) return std::move(report_);
  for (const Json& skipped : report_.skipped) {  // what was asked for, rather than the peer
    for (const Backend engine : request_.engines) {
      if (skipped.Find("engine")->as_string() != Name(engine)) continue;
      return Error(ErrorCode::kUnsupported, skipped.Find("why")->as_string());
    }
  }
  return Error(ErrorCode::kUnsupported, report_.skipped[0].Find("why")->as_string());
}

}  // namespace

Result<BenchReport> MeasureNetwork(const NetworkBenchRequest& request) {
  const bool alone = request.engines == std::vector{Backend::kCuda};  // it goes without its peer
  if (request.device != Provider::kCpu && !alone) RETURN_IF_ERROR(ProviderDevice(request.device));
  ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(request.avatar, request.avatar_options));
  ASSIGN_OR_RETURN(const FilePart model, avatar.generator_model());
  ASSIGN_OR_RETURN(const Graph graph, ReadOnnx(model));
  auto binding = BindGenerator(graph);
  if (!binding.ok()) return std::move(binding).TakeError().Within(model.name());
  ASSIGN_OR_RETURN(const double macs, WholeModelMacs(graph));
  ASSIGN_OR_RETURN(const FaceSamples material, LoadBenchMaterial(avatar, binding.value(), request.audio, kFrames));
  if (request.progress) RETURN_IF_ERROR(request.progress(0, 1));
  ASSIGN_OR_RETURN(const std::vector<Image> truth, TruePictures(graph, binding.value(), material));
  return NetworkBench(request, model, graph, std::move(binding).value(), macs, material, truth).Run();
}

}  // namespace lips
