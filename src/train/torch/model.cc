#include "train/torch/model.h"

#include <torch/types.h>

#include "audio/encoder_window.h"
#include "audio/mel.h"
#include "audio/window.h"
#include "train/random.h"

namespace lips {
namespace {

constexpr const char* kReaderWeight = "mouth_reader.weight";
constexpr const char* kReaderBias = "mouth_reader.bias";

// Where `layout` has a parameter of that name, `marked` becomes 1.
void Mark(const WeightLayout& layout, const std::string& name, at::Tensor& marked) {
  const auto found = layout.parameters.find(name);
  if (found == layout.parameters.end()) return;
  marked.narrow(0, found->second.offset, ElementCount(found->second.dims).value()).fill_(1);
}

}  // namespace

Model::Model(const ModelShape& wanted) : shape(wanted), generator(GeneratorConvs(wanted.generator)) {
  layout.Add(generator);
  if (shape.learns_rows) {
    encoder = EncoderConvs(shape.encoder);
    layout.Add(encoder);
  }
  if (shape.mouth_parameters > 0) {
    layout.AddParameter(kReaderWeight, {shape.mouth_parameters, shape.generator.channels[4]});
    layout.AddParameter(kReaderBias, {shape.mouth_parameters});
  }
}

WeightValues Model::Initial(uint64_t seed) const {
  std::vector<FamilyConv> all = generator;
  all.insert(all.end(), encoder.begin(), encoder.end());
  WeightValues values = InitialWeights(layout, all, seed);
  if (shape.mouth_parameters == 0) return values;
  const Slot& slot = layout.parameters.find(kReaderWeight)->second;
  float* weight = values.parameters.data_ptr<float>() + slot.offset;
  Random random(seed, 0x3011);
  for (int64_t k = 0; k < slot.dims[0] * slot.dims[1]; ++k) weight[k] = 0.05f * random.Normal();
  return values;
}

at::Tensor Model::Marked(const std::vector<FamilyConv>& convs) const {
  at::Tensor marked = at::zeros({layout.parameter_floats});
  for (const FamilyConv& conv : convs) {
    for (const std::string& owner : {conv.conv, conv.norm}) {
      for (const char* part : {".weight", ".bias"}) Mark(layout, owner + part, marked);
    }
  }
  return marked;
}

at::Tensor Model::Hearing() const {
  std::vector<FamilyConv> hears = HearingConvs(shape.generator);
  hears.insert(hears.end(), encoder.begin(), encoder.end());
  at::Tensor hearing = Marked(hears);
  Mark(layout, kReaderWeight, hearing);
  Mark(layout, kReaderBias, hearing);
  return hearing;
}

at::Tensor Model::Encoding() const { return Marked(encoder); }

at::Tensor Hear(const Model& model, const Replica& weights, const NetOptions& options, const at::Tensor& inputs,
                const at::Tensor& known) {
  TorchNet net(weights, options);
  const int64_t runs = inputs.size(0);
  const int64_t rows = inputs.size(1);
  at::Tensor features;  // [runs, rows, row floats]
  if (model.shape.learns_rows) {
    const at::Tensor mel = inputs.reshape({runs * rows, 1, kMelBands, kEncoderSteps});
    features = WalkEncoder(net, model.shape.encoder, net.Enter(mel)).reshape({runs, rows, -1});
  } else {
    features = inputs.to(options.number);
  }
  features = features * known.to(options.number).unsqueeze(2);
  // Windows of 16 rows, one for each frame: [runs, frames, floats, 16] and then rows before floats.
  const at::Tensor windows = features.unfold(1, kWindowRows, 1).permute({0, 1, 3, 2});
  const Dims& dims = model.shape.generator.audio_dims;
  const at::Tensor audio = windows.reshape({-1, dims[0], dims[1], dims[2]});
  return WalkHearing(net, model.shape.generator, net.Enter(audio));
}

at::Tensor ReadMouth(const Replica& weights, const at::Tensor& heard) {
  const at::Tensor pooled = heard.to(at::kFloat).mean({2, 3});
  return at::linear(pooled, weights.Parameter(kReaderWeight), weights.Parameter(kReaderBias));
}

at::Tensor Draw(const Model& model, const Replica& weights, NetOptions options, const Rect& cells,
                const at::Tensor& image, const at::Tensor& heard) {
  options.first_row = cells.y;
  options.first_column = cells.x;
  TorchNet net(weights, options);
  net.set_part_cells(cells.height);
  const std::vector<at::Tensor> seen = WalkSight(net, model.shape.generator, net.Enter(image));
  const at::Tensor part = heard.narrow(2, cells.y, cells.height).narrow(3, cells.x, cells.width);
  return WalkDrawing(net, model.shape.generator, seen, part).to(at::kFloat);
}

}  // namespace lips
