#include "engine/cpu/program.h"

#include <algorithm>

#include "kernels/table.h"

namespace lips::cpu {

size_t Map::bytes() const {
  return static_cast<size_t>(pixels()) * static_cast<size_t>(padded()) * kernels::SizeOf(type);
}

void ConvertPixels(const uint8_t* from, const Map& map, int count, kernels::NumberType to_type, uint8_t* to) {
  const auto stride = static_cast<size_t>(map.padded());
  kernels::Active().convert_row({.in = from,
                                 .in_stride = stride,
                                 .in_type = map.type,
                                 .in_quantisation = map.quantisation.view(),
                                 .out = to,
                                 .out_stride = stride,
                                 .out_type = to_type,
                                 .out_quantisation = map.quantisation.view(),
                                 .pixels = count,
                                 .channels = map.padded()});
}

void Region::Add(int row, int first, int last) {
  if (rows.empty() || row < 0 || row >= static_cast<int>(rows.size()) || first >= last) return;
  auto& [have_first, have_last] = rows[static_cast<size_t>(row)];
  if (have_first >= have_last) {
    have_first = first;
    have_last = last;
  } else {
    have_first = std::min(have_first, first);
    have_last = std::max(have_last, last);
  }
}

void Step::Restrict(std::vector<Region>& needed, std::span<const Map> /*maps*/) {
  for (const MapId map : reads()) needed[static_cast<size_t>(map)] = Region();
}

Workspace::Workspace(const Program& program, int workers)
    : arena_(program.arena_bytes()),
      scratch_(program.scratch_bytes() * static_cast<size_t>(workers)),
      scratch_bytes_(program.scratch_bytes()),
      data_(program.maps().size()) {
  for (size_t i = 0; i < data_.size(); ++i) {
    if (!program.maps()[i].external) data_[i] = arena_.data() + program.offset(static_cast<MapId>(i));
  }
}

Program::Program(std::vector<Map> maps, std::vector<std::unique_ptr<Step>> steps)
    : maps_(std::move(maps)), steps_(std::move(steps)) {
  for (const auto& step : steps_) scratch_bytes_ = std::max(scratch_bytes_, AlignUp(step->scratch_bytes()));
  Place();
}

// First fit, in the order in which maps come to life: with skips freed by their last reader the family's networks need
// hardly more than their two largest neighbours.
void Program::Place() {
  struct Life {
    MapId map = kNoMap;
    size_t first = 0;
    size_t last = 0;
  };
  std::vector<Life> lives;
  std::vector<int> index(maps_.size(), -1);
  for (size_t i = 0; i < steps_.size(); ++i) {
    const auto touch = [&](MapId map) {
      const auto at = static_cast<size_t>(map);
      if (maps_[at].external) return;
      if (index[at] < 0) {
        index[at] = static_cast<int>(lives.size());
        lives.push_back({map, i, i});
      }
      lives[static_cast<size_t>(index[at])].last = i;
    };
    for (const MapId map : steps_[i]->reads()) touch(map);
    for (const MapId map : steps_[i]->writes()) touch(map);
  }
  offsets_.assign(maps_.size(), 0);
  std::vector<Life> placed;
  for (const Life& life : lives) {
    const size_t bytes = AlignUp(maps_[static_cast<size_t>(life.map)].bytes());
    std::vector<std::pair<size_t, size_t>> taken;  // [begin, end) of what lives at the same time
    for (const Life& other : placed) {
      if (other.first > life.last || life.first > other.last) continue;
      const size_t begin = offsets_[static_cast<size_t>(other.map)];
      taken.emplace_back(begin, begin + AlignUp(maps_[static_cast<size_t>(other.map)].bytes()));
    }
    std::ranges::sort(taken);
    size_t at = 0;
    for (const auto& [begin, end] : taken) {
      if (begin >= at + bytes) break;
      at = std::max(at, end);
    }
    offsets_[static_cast<size_t>(life.map)] = at;
    arena_bytes_ = std::max(arena_bytes_, at + bytes);
    placed.push_back(life);
  }
}

void Program::Run(const RunContext& context) const {
  for (size_t i = 0; i < steps_.size(); ++i) {
    steps_[i]->Run(context);
    context.worker.Meet();
    if (context.observer == nullptr) continue;
    for (const MapId map : steps_[i]->writes()) {
      const Map& made = maps_[static_cast<size_t>(map)];
      if (made.type != kernels::NumberType::kF32 || made.external) continue;
      context.observer->SeeMap(map, context.workspace.Data<float>(map), made.pixels(), made.padded());
    }
  }
}

}  // namespace lips::cpu
