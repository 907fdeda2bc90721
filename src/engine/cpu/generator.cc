#include "engine/cpu/generator.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "base/stats.h"
#include "base/thread_pool.h"
#include "engine/cpu/choice.h"
#include "engine/cpu/pair.h"
#include "engine/cpu/stored_network.h"
#include "engine/generator_input.h"
#include "engine/proof.h"
#include "engine/session_input.h"
#include "image/image.h"
#include "model/binding.h"
#include "model/weights.h"

namespace lips {
namespace {

using cpu::AlignedBytes;
using cpu::AlignUp;
using cpu::MapId;

// Frames generated together, per core: the more, the less a core waits for the others at the end.
constexpr int kJobsPerLane = 3;

// Everything of one face in one block: the maps that cross from head to tail, then the pictures if the tail wants them.
class FaceTemplate : public Generator::Template {
 public:
  explicit FaceTemplate(size_t bytes) : owned_(bytes), data_(owned_.data()), bytes_(bytes) {}
  FaceTemplate(std::span<const uint8_t> blob, std::shared_ptr<const void> owner)
      : owner_(std::move(owner)), data_(blob.data()), bytes_(blob.size()) {}

  size_t bytes() const override { return bytes_; }
  std::span<const uint8_t> blob() const override { return {data_, bytes_}; }
  const uint8_t* data() const { return data_; }
  uint8_t* writable() { return owned_.data(); }  // nullptr for an adopted blob

 private:
  AlignedBytes owned_;
  std::shared_ptr<const void> owner_;
  const uint8_t* data_;
  size_t bytes_;
};

// Where the parts of a template lie in its block.
struct TemplateLayout {
  std::vector<size_t> maps;
  size_t roi = 0, masked = 0;  // size_px * size_px * 3 bytes each; only with `pictures`
  bool pictures = false;
  size_t bytes = 0;
};

// What one frame at a time is generated in. `picture` is for mouths whose rows have gaps between them.
struct Lane {
  Lane(const cpu::Program& tail, int workers, size_t picture_bytes) : space(tail, workers), picture(picture_bytes) {}
  cpu::Workspace space;
  AlignedBytes picture;
  std::unique_ptr<cpu::Workspace> head;  // made by the first job that brings its pictures
  std::unique_ptr<FaceTemplate> face;    // of that job
};

class CpuGenerator : public Generator {
 public:
  CpuGenerator(GeneratorBinding binding, cpu::ProgramPair pair, bool pictures, int threads, std::string description,
               std::string format)
      : binding_(std::move(binding)),
        head_(std::move(pair.head)),
        tail_(std::move(pair.tail)),
        description_(std::move(description)),
        format_(std::move(format)),
        pool_(threads),
        head_space_(head_.program, pool_.size()),
        team_lane_(tail_.program, pool_.size(), picture_bytes()) {
    for (const MapId map : head_.outputs) {
      layout_.maps.push_back(layout_.bytes);
      layout_.bytes += AlignUp(head_.program.maps()[static_cast<size_t>(map)].bytes());
    }
    layout_.pictures = pictures;
    if (pictures) {
      layout_.roi = layout_.bytes;
      layout_.masked = layout_.roi + AlignUp(picture_bytes());
      layout_.bytes = layout_.masked + AlignUp(picture_bytes());
    }
  }

  int size_px() const override { return binding_.size_px; }
  Dims audio_dims() const override { return binding_.audio_dims; }
  int64_t audio_floats() const override { return binding_.audio_floats(); }
  std::string Describe() const override { return description_; }
  bool takes_pictures() const override { return true; }
  int preferred_jobs() const override { return pool_.size() == 1 ? 1 : kJobsPerLane * pool_.size(); }
  std::string TemplateFormat() const override { return format_; }

  Result<std::unique_ptr<Template>> Prepare(ConstImageView roi, ConstImageView masked,
                                            std::unique_ptr<Template> reuse) override {
    ASSIGN_OR_RETURN(auto face, NewFace(roi, masked, std::move(reuse)));
    RunHead(head_space_, roi, masked, *face, pool_.size());
    return std::unique_ptr<Template>(std::move(face));
  }

  bool prepares_beside() const override { return true; }
  Result<std::unique_ptr<Template>> PrepareQuietly(ConstImageView roi, ConstImageView masked,
                                                   std::unique_ptr<Template> reuse) override {
    ASSIGN_OR_RETURN(auto face, NewFace(roi, masked, std::move(reuse)));
    if (quiet_space_ == nullptr) quiet_space_ = std::make_unique<cpu::Workspace>(head_.program, 1);
    RunHead(*quiet_space_, roi, masked, *face, 1);
    return std::unique_ptr<Template>(std::move(face));
  }

  Result<std::unique_ptr<Template>> Adopt(std::span<const uint8_t> blob, std::shared_ptr<const void> owner) override {
    if (blob.size() != layout_.bytes) {
      return Error(ErrorCode::kInvalidInput, "a stored template of " + std::to_string(blob.size()) +
                                                 " bytes, expected " + std::to_string(layout_.bytes));
    }
    if (reinterpret_cast<uintptr_t>(blob.data()) % cpu::kAlignment != 0) {
      return Error(ErrorCode::kInvalidInput, "a stored template does not begin at a multiple of 64 bytes");
    }
    return std::unique_ptr<Template>(std::make_unique<FaceTemplate>(blob, std::move(owner)));
  }

  Status Generate(std::span<const Job> jobs) override;

 private:
  size_t picture_bytes() const { return size_t{3} * static_cast<size_t>(size_px()) * static_cast<size_t>(size_px()); }

  Result<std::unique_ptr<FaceTemplate>> NewFace(ConstImageView roi, ConstImageView masked,
                                                std::unique_ptr<Template> reuse) const {
    RETURN_IF_ERROR(CheckFaces(*this, roi, masked));
    std::unique_ptr<FaceTemplate> face(dynamic_cast<FaceTemplate*>(reuse.get()));
    if (face != nullptr) static_cast<void>(reuse.release());  // `face` owns it now
    if (face == nullptr || face->bytes() != layout_.bytes || face->writable() == nullptr) {
      face = std::make_unique<FaceTemplate>(layout_.bytes);
    }
    return face;
  }

  // Fills `face` with `workers` threads: this one, or the whole pool.
  void RunHead(cpu::Workspace& space, ConstImageView roi, ConstImageView masked, FaceTemplate& face, int workers) {
    for (size_t i = 0; i < head_.outputs.size(); ++i) space.Bind(head_.outputs[i], face.writable() + layout_.maps[i]);
    if (layout_.pictures) {
      const int stride = 3 * size_px();
      CopyPixels(roi, ImageView{face.writable() + layout_.roi, size_px(), size_px(), stride});
      CopyPixels(masked, ImageView{face.writable() + layout_.masked, size_px(), size_px(), stride});
    }
    const cpu::FacePair pair = {roi.data, roi.stride_bytes, masked.data, masked.stride_bytes};
    space.Bind(head_.inputs[0], &pair);
    if (workers == 1) {
      head_.program.Run({space, Worker()});
    } else {
      pool_.Run([&](const Worker& worker) { head_.program.Run({space, worker}); });
    }
  }

  Status CheckJob(const Job& job, size_t index) const;
  // The pictures of `job` into the lane's own template, with the workers of one lane.
  void PrepareJob(const Job& job, Lane& lane, int workers);
  bool HasGaps(const Job& job) const { return job.mouth.stride_bytes != 3 * size_px(); }
  void BindJob(const Job& job, Lane& lane, cpu::FacePair& pair) const;
  // Brings the picture to its place. Whether it is one: no NaN, no infinity.
  bool FinishJob(const Job& job, const Lane& lane) const;

  GeneratorBinding binding_;
  cpu::Compiled head_, tail_;
  TemplateLayout layout_;
  std::string description_, format_;
  ThreadPool pool_;
  cpu::Workspace head_space_;                    // Prepare's
  std::unique_ptr<cpu::Workspace> quiet_space_;  // PrepareQuietly's, made by the first
  Lane team_lane_;                               // Generate's, all threads on one frame
  std::vector<std::unique_ptr<Lane>> lanes_;     // Generate's, a frame per thread; made by the first batch
};

Status CpuGenerator::CheckJob(const Job& job, size_t index) const {
  const std::string name = "job " + std::to_string(index);
  const auto* face = dynamic_cast<const FaceTemplate*>(job.face);
  const bool pictures = job.face == nullptr && job.roi.width == size_px() && job.roi.height == size_px() &&
                        job.masked.width == size_px() && job.masked.height == size_px();
  if (!pictures && (face == nullptr || face->bytes() != layout_.bytes)) {
    return Error(ErrorCode::kInvalidInput, name + " has no template of this generator and no pictures of its size");
  }
  return CheckJobSizes(*this, job, name);
}

void CpuGenerator::BindJob(const Job& job, Lane& lane, cpu::FacePair& pair) const {
  const auto& face = job.face != nullptr ? dynamic_cast<const FaceTemplate&>(*job.face) : *lane.face;
  cpu::Workspace& space = lane.space;
  const size_t maps = layout_.maps.size();
  for (size_t i = 0; i < maps; ++i) space.Bind(tail_.inputs[i], face.data() + layout_.maps[i]);
  size_t next = maps;
  if (layout_.pictures) {
    const ptrdiff_t stride = 3 * size_px();
    pair = {face.data() + layout_.roi, stride, face.data() + layout_.masked, stride};
    space.Bind(tail_.inputs[next++], &pair);
  }
  space.Bind(tail_.inputs[next], job.audio.data());
  space.Bind(tail_.outputs[0], HasGaps(job) ? lane.picture.data() : job.mouth.data);
  space.finite.store(true, std::memory_order_relaxed);
}

void CpuGenerator::PrepareJob(const Job& job, Lane& lane, int workers) {
  if (lane.head == nullptr) {
    lane.head = std::make_unique<cpu::Workspace>(head_.program, workers);
    lane.face = std::make_unique<FaceTemplate>(layout_.bytes);
  }
  RunHead(*lane.head, job.roi, job.masked, *lane.face, workers);
}

bool CpuGenerator::FinishJob(const Job& job, const Lane& lane) const {
  if (HasGaps(job)) CopyPixels(ConstImageView{lane.picture.data(), size_px(), size_px(), 3 * size_px()}, job.mouth);
  return lane.space.finite.load(std::memory_order_relaxed);
}

Status CpuGenerator::Generate(std::span<const Job> jobs) {
  for (size_t i = 0; i < jobs.size(); ++i) RETURN_IF_ERROR(CheckJob(jobs[i], i));
  const auto team = static_cast<size_t>(pool_.size());
  std::atomic<size_t> failed{jobs.size()};
  size_t next = 0;
  if (team > 1 && jobs.size() >= team) {
    // A frame per core: no meetings, and every core's maps stay in its own cache.
    while (lanes_.size() < team) lanes_.push_back(std::make_unique<Lane>(tail_.program, 1, picture_bytes()));
    next = jobs.size() / team * team;
    std::atomic<size_t> unclaimed{0};
    pool_.Run([&](const Worker& worker) {
      Lane& lane = *lanes_[static_cast<size_t>(worker.index())];
      // Whoever is free takes the next: a core may have other work, too.
      for (size_t i = unclaimed.fetch_add(1); i < next; i = unclaimed.fetch_add(1)) {
        cpu::FacePair pair;
        if (jobs[i].face == nullptr) PrepareJob(jobs[i], lane, 1);
        BindJob(jobs[i], lane, pair);
        tail_.program.Run({lane.space, Worker()});
        if (!FinishJob(jobs[i], lane)) failed.store(i, std::memory_order_relaxed);
      }
    });
  }
  for (; next < jobs.size(); ++next) {
    cpu::FacePair pair;
    if (jobs[next].face == nullptr) PrepareJob(jobs[next], team_lane_, pool_.size());
    BindJob(jobs[next], team_lane_, pair);
    pool_.Run([this](const Worker& worker) { tail_.program.Run({team_lane_.space, worker}); });
    if (!FinishJob(jobs[next], team_lane_)) failed.store(next, std::memory_order_relaxed);
  }
  if (failed.load() == jobs.size()) return {};
  return Error(ErrorCode::kCorrupted, "job " + std::to_string(failed.load()) + ": the network gave NaN or infinity");
}

// Only the pixels of `used` are computed from here on.
void Restrict(cpu::Compiled& tail, std::span<const uint8_t> used, int size) {
  std::vector<cpu::Region> needed;
  for (const cpu::Map& map : tail.program.maps()) needed.push_back(cpu::Region::Nothing(map.height));
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      if (used[static_cast<size_t>(y) * static_cast<size_t>(size) + static_cast<size_t>(x)] != 0)
        needed[static_cast<size_t>(tail.outputs[0])].Add(y, x, x + 1);
    }
  }
  for (auto step = tail.program.steps().rbegin(); step != tail.program.steps().rend(); ++step) {
    (*step)->Restrict(needed, tail.program.maps());
  }
}

// Proves the network and chooses its precision; nothing is compiled yet.
Result<cpu::OpenedNetwork> Judge(const Graph& graph, const cpu::CutNetwork& network, const GeneratorOptions& options) {
  cpu::OpenedNetwork opened;
  opened.graph_hash = HashOfGraph(graph);
  if (options.prove) RETURN_IF_ERROR(cpu::ProveF32(graph, opened.graph_hash, network, options));
  ASSIGN_OR_RETURN(opened.choice, cpu::ChoosePrecision(opened.graph_hash, network, options));
  opened.binding = network.binding;
  opened.pictures = network.pictures;
  opened.description = Describe(graph, network.binding);
  return opened;
}

std::unique_ptr<Generator> MakeGenerator(cpu::OpenedNetwork opened, const GeneratorOptions& options,
                                         const Stopwatch& watch) {
  if (!options.used.empty()) Restrict(opened.pair.tail, options.used, opened.binding.size_px);
  const int threads = ThreadCount(options.session);
  std::string description = "cpu " + opened.choice.reason + ", " + std::to_string(threads) +
                            (threads == 1 ? " thread; " : " threads; ") + opened.description;
  // Every instruction set gives the same bits, so what is stored on one machine serves on another.
  std::string format = "cpu-2 level " + std::to_string(static_cast<int>(options.template_level)) + " " +
                       opened.choice.key + " " + opened.graph_hash;
  Log(LogLevel::kInfo, "generator open", {{"engine", description}, {"ms", watch.ElapsedMs()}});
  return std::make_unique<CpuGenerator>(std::move(opened.binding), std::move(opened.pair), opened.pictures, threads,
                                        std::move(description), std::move(format));
}

}  // namespace

Result<std::unique_ptr<Generator>> OpenCpuGenerator(const Graph& graph, const GeneratorOptions& options) {
  const Stopwatch watch;
  RETURN_IF_ERROR(CheckWeights(graph));
  ASSIGN_OR_RETURN(const cpu::CutNetwork network,
                   cpu::CutNetwork::Make(graph, static_cast<int>(options.template_level)));
  ASSIGN_OR_RETURN(cpu::OpenedNetwork opened, Judge(graph, network, options));
  ASSIGN_OR_RETURN(opened.pair, cpu::ProgramPair::Make(network, opened.choice.compile_options(), cpu::Port::kBgr));
  return MakeGenerator(std::move(opened), options, watch);
}

Result<std::unique_ptr<Generator>> OpenStoredCpuGenerator(const GeneratorOptions& options) {
  const Stopwatch watch;
  ASSIGN_OR_RETURN(auto opened, cpu::OpenStoredNetwork(options));
  if (!opened) return std::unique_ptr<Generator>();
  return MakeGenerator(*std::move(opened), options, watch);
}

Result<NetworkParts> StoreCpuGenerator(const Graph& graph, const GeneratorOptions& options) {
  RETURN_IF_ERROR(CheckWeights(graph));
  ASSIGN_OR_RETURN(const cpu::CutNetwork network,
                   cpu::CutNetwork::Make(graph, static_cast<int>(options.template_level)));
  ASSIGN_OR_RETURN(const cpu::OpenedNetwork opened, Judge(graph, network, options));
  return cpu::StoreNetwork(network, opened, options);
}

}  // namespace lips
