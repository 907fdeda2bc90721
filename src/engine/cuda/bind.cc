// Kernels and tiles for a number of images.
#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

#include "engine/cuda/plan.h"

namespace lips::cuda {
namespace {

size_t size(int n) { return static_cast<size_t>(n); }
int CeilDivide(int a, int b) { return (a + b - 1) / b; }

// Of a block that projects, so that several fit a multiprocessor; every device since compute capability 8.0 has it.
constexpr int kComfortableShared = 99 * 1024;
constexpr int kFewChunks = 2;

// Kernels that project, those for fewer channels first, then those of more pixels.
struct FusedForm {
  int pixels, channels;
  Variant variant;
};
constexpr FusedForm kFusedForms[] = {
    {128, 16, Variant::k128x16}, {128, 32, Variant::k128x32}, {64, 32, Variant::k64x32},
    {128, 64, Variant::k128x64}, {64, 64, Variant::k64x64},   {64, 128, Variant::k64x128},
};

struct TileSize {
  int height = 0, width = 0;
};

// The most pixels of a picture's side that the halos of its tiles cover.
int MostCovered(int tile, int stride, int side, int out_side) {
  int most = 0;
  for (int at = 0; at * tile < out_side; ++at) {
    const int begin = at * tile * stride - 1;
    most = std::max(most, std::min(begin + HaloSide(tile, stride), side) - std::max(begin, 0));
  }
  return most;
}

class Binder {
 public:
  Binder(const Plan& plan, const Bindings& bindings) : plan_(plan), bindings_(bindings), needed_(plan.maps.size()) {}

  Result<Bound> Run() {
    if (!bindings_.used.empty()) needed_[size(plan_.outputs[0])].assign(bindings_.used.begin(), bindings_.used.end());
    // Backwards, so that each step knows what is needed of what it makes.
    for (auto step = plan_.steps.rbegin(); step != plan_.steps.rend(); ++step) {
      RETURN_IF_ERROR(std::visit([this](const auto& one) { return Add(one); }, *step));
    }
    std::ranges::reverse(bound_.launches);
    std::ranges::reverse(bound_.lists_at);
    return std::move(bound_);
  }

 private:
  const Map& At(MapId map) const { return plan_.maps[size(map)]; }

  Place PlaceOf(MapId id) const {
    if (id == kNoMap) return {};
    const Map& map = At(id);
    if (map.external >= 0) {
      const auto port = size(map.external);
      const size_t inputs = bindings_.inputs.size();
      return port < inputs ? bindings_.inputs[port] : bindings_.outputs[port - inputs];
    }
    return {.base = bindings_.arena + map.offset * size(bindings_.images), .image_bytes = map.bytes()};
  }
  template <typename T>
  const T* Constant(size_t offset) const {
    return reinterpret_cast<const T*>(bindings_.constants + offset);
  }
  void Push(const Launch& launch, size_t lists_at = 0) {
    bound_.launches.push_back(launch);
    bound_.lists_at.push_back(lists_at);
  }

  // Everything of a map is needed.
  void NeedAll(MapId map) {
    if (map != kNoMap) needed_[size(map)].clear(), all_.push_back(map);
  }
  bool IsAll(MapId map) const { return bindings_.used.empty() || std::ranges::find(all_, map) != all_.end(); }
  void Need(MapId id, int top, int bottom, int left, int right) {
    if (id == kNoMap || IsAll(id)) return;
    const Map& map = At(id);
    auto& needed = needed_[size(id)];
    if (needed.empty()) needed.resize(size(map.height) * size(map.width));
    for (int y = std::max(top, 0); y < std::min(bottom, map.height); ++y) {
      const auto row = needed.begin() + static_cast<ptrdiff_t>(y) * map.width;
      std::fill(row + std::max(left, 0), row + std::max(std::min(right, map.width), std::max(left, 0)), uint8_t{1});
    }
  }
  bool IsNeeded(MapId id, int top, int bottom, int left, int right) const {
    if (IsAll(id)) return true;
    const auto& needed = needed_[size(id)];
    if (needed.empty()) return false;
    const Map& map = At(id);
    for (int y = top; y < std::min(bottom, map.height); ++y) {
      const auto row = needed.begin() + static_cast<ptrdiff_t>(y) * map.width;
      if (std::any_of(row + left, row + std::min(right, map.width), [](uint8_t one) { return one != 0; })) return true;
    }
    return false;
  }

  void PushEdge(const KernelArgs& args, int pixels, size_t lists_at = 0) {
    Launch launch{.args = args};
    launch.grid_x = CeilDivide(bindings_.images * pixels, kEdgeThreads);
    Push(launch, lists_at);
  }

  Status Add(const FacesStep& step) {
    FacesArgs args = step.args;
    args.x = PlaceOf(step.x);
    args.out = PlaceOf(step.out);
    args.images = bindings_.images;
    PushEdge(args, args.pixels);
    return {};
  }
  Status Add(const PlanesStep& step) {
    PlanesArgs args = step.args;
    args.planes = PlaceOf(step.planes);
    args.map = PlaceOf(step.map);
    args.images = bindings_.images;
    if (args.to_planes != 0) NeedAll(step.map);
    PushEdge(args, args.pixels);
    bound_.launches.back().grid_y = args.channels / kPiece;
    return {};
  }
  Status Add(const PixelsStep& step) {
    PixelsArgs args = step.args;
    args.x = PlaceOf(step.x);
    args.out = PlaceOf(step.out);
    args.weights = Constant<float>(step.weights);
    args.bias = Constant<float>(step.bias);
    args.broken = bindings_.broken;
    args.images = bindings_.images;
    const size_t at = bound_.lists.size();
    if (!bindings_.used.empty()) {
      needed_[size(step.x)] = needed_[size(step.out)];
      bound_.has_used = true;
      bound_.lists.resize(at + size(CeilDivide(args.pixels, 32)));
      for (size_t i = 0; i < bindings_.used.size(); ++i) {
        if (bindings_.used[i] != 0) bound_.lists[at + i / 32] |= 1u << (i % 32);
      }
    }
    PushEdge(args, args.pixels, at);
    return {};
  }

  Status Add(const ConvolutionStep& step) {
    NeedAll(step.x);
    NeedAll(step.addend);
    ConvolutionArgs args = step.args;
    args.weights = Constant<Half>(step.weights);
    args.bias = Constant<float>(step.bias);
    args.x = PlaceOf(step.x);
    args.addend = PlaceOf(step.addend);
    args.out = PlaceOf(step.out);
    PushConvolution(args);
    return {};
  }

  void PushConvolution(ConvolutionArgs args) {
    args.images = bindings_.images;
    const int rows = args.images * args.out_height * args.out_width;
    const auto blocks = [&](auto tile) {
      return std::pair(CeilDivide(rows, decltype(tile)::kRows),
                       CeilDivide(args.out_channels, decltype(tile)::kColumns));
    };
    Launch launch{.args = args};
    const auto take = [&](auto tile, Variant variant) {
      launch.variant = variant;
      std::tie(launch.grid_x, launch.grid_y) = blocks(tile);
      launch.shared_bytes = decltype(tile)::kSharedBytes;
    };
    // The largest that still gives every multiprocessor work; the largest of all is worth it for half of them.
    const auto busy = [&](auto tile, int share) {
      return blocks(tile).first * blocks(tile).second >= bindings_.multiprocessors / share;
    };
    if (busy(LargeTile(), 2) && !bindings_.same_for_any_batch) {
      take(LargeTile(), Variant::kLarge);
    } else if (busy(SmallTile(), 1)) {
      take(SmallTile(), Variant::kSmall);
    } else {
      take(TinyTile(), Variant::kTiny);
    }
    Push(launch);
  }

  Status Add(const ResidualStep& step) {
    ResidualArgs args = step.args;
    args.x = PlaceOf(step.x);
    args.low = PlaceOf(step.low);
    args.addend = PlaceOf(step.addend);
    args.residual = PlaceOf(step.residual);
    args.out = PlaceOf(step.out);
    args.chunks = Constant<uint8_t>(step.chunks);
    args.project_bias = Constant<float>(step.project_bias);
    if (PushFused(step, args)) return {};
    return PushSplit(step, args);
  }

  // Sets the tile and returns the bytes of shared memory it takes; nothing when it needs too many pixels or bytes.
  static std::optional<int> Fit(ResidualArgs& args, int stride, TileSize tile, int channels, int most_bytes) {
    args.tile_height = tile.height;
    args.tile_width = tile.width;
    const int region = MostCovered(tile.height, stride, args.height, args.out_height) *
                       MostCovered(tile.width, stride, args.width, args.out_width);
    const int halo = HaloSide(tile.height, stride) * HaloSide(tile.width, stride);
    const bool projects = args.project_bias != nullptr;
    if (region > MostRegion(projects ? tile.height * tile.width : 0, stride)) return std::nullopt;
    const int bytes = ResidualShared(args, region, halo, tile.height * tile.width, channels, stride);
    if (bytes > most_bytes) return std::nullopt;
    return bytes;
  }

  // The tiles of `out` that are needed; what they need of the inputs is noted.
  void ListTiles(const ResidualStep& step, ResidualArgs& args) {
    const int rows = CeilDivide(args.out_height, args.tile_height),
              columns = CeilDivide(args.out_width, args.tile_width);
    args.tile_count = 0;
    for (int row = 0; row < rows; ++row) {
      for (int column = 0; column < columns; ++column) {
        const int top = row * args.tile_height, left = column * args.tile_width;
        const int bottom = top + args.tile_height, right = left + args.tile_width;
        if (!IsNeeded(step.out, top, bottom, left, right)) continue;
        bound_.lists.push_back(static_cast<uint32_t>(row << 16 | column));
        ++args.tile_count;
        const int s = step.stride;
        Need(step.residual, top, bottom, left, right);
        const int in_top = top * s - 1, in_bottom = bottom * s + 1, in_left = left * s - 1, in_right = right * s + 1;
        Need(step.x, in_top, in_bottom, in_left, in_right);
        Need(step.addend, in_top, in_bottom, in_left, in_right);
        Need(step.low, in_top / 2 - 1, in_bottom / 2 + 2, in_left / 2 - 1, in_right / 2 + 2);
      }
    }
  }

  bool PushFused(const ResidualStep& step, ResidualArgs args) {
    const int pixels = args.out_height * args.out_width * bindings_.images;
    const bool busy = CeilDivide(pixels, 64) >= 2 * bindings_.multiprocessors;
    if (!busy && args.hidden / kHiddenChunk > kFewChunks && step.depth != kNoMap) return false;
    const bool wide =
        step.stride == 1 && (args.out_channels <= 16 || CeilDivide(pixels, 128) >= bindings_.multiprocessors);
    // The smallest that has enough channels.
    const FusedForm* form = std::ranges::find_if(kFusedForms, [&](const FusedForm& one) {
      return one.channels >= args.out_channels && (one.pixels == 64 || wide);
    });
    if (form == std::end(kFusedForms)) return false;
    const auto bytes = Fit(args, step.stride, {8, form->pixels / 8}, form->channels, kComfortableShared);
    if (!bytes) return false;
    const size_t lists_at = bound_.lists.size();
    ListTiles(step, args);
    Launch launch{.args = args, .variant = form->variant, .stride = step.stride};
    launch.grid_x = args.tile_count * bindings_.images;
    launch.shared_bytes = size(*bytes);
    Push(launch, lists_at);
    return true;
  }

  // A launch for the depth map, one for the projection.
  Status PushSplit(const ResidualStep& step, const ResidualArgs& args) {
    ConvolutionArgs project;
    project.x = PlaceOf(step.depth);
    project.addend = args.residual;
    project.out = args.out;
    project.weights = Constant<Half>(step.project);
    project.bias = args.project_bias;
    project.height = project.out_height = args.out_height;
    project.width = project.out_width = args.out_width;
    project.channels = args.hidden;
    project.out_channels = args.out_channels;
    PushConvolution(project);

    ResidualArgs depth = args;
    depth.out = PlaceOf(step.depth);
    if (step.enlarged != kNoMap) {  // once for all chunks
      depth.x = PlaceOf(step.enlarged);
      depth.x_channels = args.low_channels;
      depth.x_shift = step.enlarged_shift;
      depth.low = {};
      depth.low_channels = 0;
    }
    depth.project_bias = nullptr;
    std::optional<int> bytes;
    ResidualArgs best;
    double best_cost = std::numeric_limits<double>::infinity();
    for (const int height : {4, 5, 8, 10, 16, 20}) {
      for (const int width : {4, 5, 8, 10, 16, 20}) {
        ResidualArgs tried = depth;
        const auto fits = Fit(tried, step.stride, {std::min(height, args.out_height), std::min(width, args.out_width)},
                              0, bindings_.most_shared);
        if (!fits) continue;
        const double cost = SplitCost(tried, step.stride);
        if (cost >= best_cost) continue;
        best_cost = cost;
        best = tried;
        bytes = fits;
      }
    }
    if (!bytes || step.depth == kNoMap) {
      return Error(ErrorCode::kUnsupported, "an inverted residual of " +
                                                std::to_string(args.x_channels + args.low_channels) +
                                                " channels fits no kernel of engine cuda; use --engine cpu or ort");
    }
    NeedAll(step.residual);
    NeedAll(step.x);
    NeedAll(step.low);
    NeedAll(step.addend);
    NeedAll(step.out);
    const size_t lists_at = bound_.lists.size();
    ListTiles(step, best);
    Launch launch{.args = best, .variant = Variant::kDepth, .stride = step.stride};
    launch.grid_x = best.tile_count * bindings_.images;
    launch.grid_y = args.hidden / kHiddenChunk;
    launch.shared_bytes = size(*bytes);
    Push(launch, lists_at);
    if (step.enlarged != kNoMap) PushEnlarge(step, args);
    return {};
  }

  void PushEnlarge(const ResidualStep& step, const ResidualArgs& args) {
    EnlargeArgs enlarge;
    enlarge.x = args.low;
    enlarge.out = PlaceOf(step.enlarged);
    enlarge.images = bindings_.images;
    enlarge.height = args.low_height;
    enlarge.width = args.low_width;
    enlarge.channels = args.low_channels;
    enlarge.align_corners = args.align_corners;
    enlarge.row_scale = args.row_scale;
    enlarge.column_scale = args.column_scale;
    PushEdge(enlarge, 4 * args.low_height * args.low_width);
    bound_.launches.back().grid_y = args.low_channels / kPiece;
  }

  // What a block loads and multiplies, times the rounds the device needs for all blocks.
  double SplitCost(const ResidualArgs& args, int stride) const {
    const int tiles = CeilDivide(args.out_height, args.tile_height) * CeilDivide(args.out_width, args.tile_width);
    const int chunks = args.hidden / kHiddenChunk;
    const double blocks = static_cast<double>(tiles) * bindings_.images * chunks;
    const int region = MostCovered(args.tile_height, stride, args.height, args.out_height) *
                       MostCovered(args.tile_width, stride, args.width, args.out_width);
    const int depth = args.x_channels + args.low_channels;
    const double block =
        static_cast<double>(CeilDivide(region, 16) * 16 + kHiddenChunk) * (depth + kHiddenChunk) + 8192;
    return block * std::max(1.0, blocks / bindings_.multiprocessors);
  }

  const Plan& plan_;
  const Bindings& bindings_;
  std::vector<std::vector<uint8_t>> needed_;  // by map: [height, width]; empty: nothing, or all_ says all
  std::vector<MapId> all_;
  Bound bound_;
};

}  // namespace

void Bound::PlaceLists(const uint32_t* lists_on_device) {
  for (size_t i = 0; i < launches.size(); ++i) {
    const uint32_t* const list = lists_on_device + lists_at[i];
    if (auto* args = std::get_if<ResidualArgs>(&launches[i].args)) args->tiles = list;
    if (auto* args = std::get_if<PixelsArgs>(&launches[i].args); args != nullptr && has_used) args->used = list;
  }
}

Result<Bound> Bind(const Plan& plan, const Bindings& bindings) { return Binder(plan, bindings).Run(); }

}  // namespace lips::cuda
