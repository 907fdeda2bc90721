// From the weights of a trained network of the family, as its state dict names them, to the graph that runs.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "model/family.h"
#include "model/graph.h"

namespace lips {

// Tensors by the names PyTorch gives them; f32 wherever a network reads them.
using StateDict = std::map<std::string, Tensor, std::less<>>;

// Image "input" [N,6,S,S] and "audio" [N,a,b,c] to "output" [N,3,S,S]; the batch is open. Normalisations (eps 1e-5) are
// folded into the convolutions. Errors: kInvalidInput naming the tensor that is missing or of another shape.
Result<Graph> GeneratorGraph(const StateDict& state, const GeneratorShape& shape);

// Mel "mel" [N,1,80,16] to "emb" [N,512]. Likewise.
Result<Graph> EncoderGraph(const StateDict& state, const EncoderShape& shape);

// The convolutions of a walk in its order: what there is to be learned or found.
std::vector<FamilyConv> GeneratorConvs(const GeneratorShape& shape);
std::vector<FamilyConv> HearingConvs(const GeneratorShape& shape);  // those of them that hear
std::vector<FamilyConv> EncoderConvs(const EncoderShape& shape);

}  // namespace lips
