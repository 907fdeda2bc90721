#include "engine/cpu/pair.h"

#include "model/passes.h"

namespace lips::cpu {

Result<CutNetwork> CutNetwork::Make(const Graph& graph, int level) {
  CutNetwork network;
  ASSIGN_OR_RETURN(network.binding, BindGenerator(graph));
  ASSIGN_OR_RETURN(const Graph single, WithBatch(graph, 1));
  ASSIGN_OR_RETURN(network.split, OptimiseSplit(single, network.binding.image_input, static_cast<TemplateCut>(level)));
  network.pictures = network.split.tail_takes_input;
  return network;
}

Result<ProgramPair> ProgramPair::Make(const CutNetwork& network, const CompileOptions& tail_options, Port output) {
  const size_t crossing = network.split.head.outputs.size();
  CompileOptions of_tail = tail_options;
  of_tail.inputs.assign(crossing, Port::kMap);
  if (network.pictures) of_tail.inputs.push_back(Port::kFaces);
  of_tail.inputs.push_back(Port::kPlanes);
  of_tail.outputs = {output};
  ProgramPair pair;
  ASSIGN_OR_RETURN(pair.tail, Compile(network.split.tail, of_tail));
  CompileOptions of_head;
  of_head.mode = tail_options.mode == Mode::kF32 ? Mode::kF32 : Mode::kBf16;
  of_head.stored = tail_options.stored;
  of_head.store = tail_options.store;
  of_head.inputs = {Port::kFaces};
  of_head.outputs.assign(crossing, Port::kMap);
  for (size_t i = 0; i < crossing; ++i) {
    of_head.output_maps.push_back(pair.tail.program.maps()[static_cast<size_t>(pair.tail.inputs[i])]);
  }
  ASSIGN_OR_RETURN(pair.head, Compile(network.split.head, of_head));
  return pair;
}

Trial::Trial(const CutNetwork& network, const ProgramPair& pair)
    : network_(network), pair_(pair), head_space_(pair.head.program, 1), tail_space_(pair.tail.program, 1) {
  for (const MapId map : pair.head.outputs) {
    crossing_.emplace_back(pair.head.program.maps()[static_cast<size_t>(map)].bytes());
  }
}

std::vector<std::vector<float>> Trial::Run(std::span<const Sample> samples, Observer* head, Observer* tail) {
  std::vector<std::vector<float>> outputs;
  const ptrdiff_t stride = 3 * network_.binding.size_px;
  const Worker alone;
  for (const Sample& sample : samples) {
    const FacePair faces{sample.roi.data(), stride, sample.masked.data(), stride};
    head_space_.Bind(pair_.head.inputs[0], &faces);
    for (size_t i = 0; i < crossing_.size(); ++i) {
      head_space_.Bind(pair_.head.outputs[i], crossing_[i].data());
      tail_space_.Bind(pair_.tail.inputs[i], crossing_[i].data());
    }
    pair_.head.program.Run({head_space_, alone, head});
    size_t next = crossing_.size();
    if (network_.pictures) tail_space_.Bind(pair_.tail.inputs[next++], &faces);
    tail_space_.Bind(pair_.tail.inputs[next], sample.audio.data());
    const auto floats =
        size_t{3} * static_cast<size_t>(network_.binding.size_px) * static_cast<size_t>(network_.binding.size_px);
    outputs.emplace_back(floats);
    tail_space_.Bind(pair_.tail.outputs[0], outputs.back().data());
    pair_.tail.program.Run({tail_space_, alone, tail});
  }
  return outputs;
}

}  // namespace lips::cpu
