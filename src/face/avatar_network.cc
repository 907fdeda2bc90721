#include "face/avatar_network.h"

#include <utility>

#include "model/family_state.h"
#include "model/onnx.h"
#include "model/pth_reader.h"
#include "model/weights.h"

namespace lips {
namespace {

Result<Graph> Convert(const FilePart& file, bool hubert) {
  ASSIGN_OR_RETURN(StateDict state, ReadPth(file));
  auto graph = FamilyGraph(std::move(state), hubert);
  if (!graph.ok()) return std::move(graph).TakeError().Within(file.name());
  if (Status sound = CheckWeights(graph.value()); !sound.ok()) return std::move(sound).TakeError().Within(file.name());
  return graph;
}

}  // namespace

Result<AvatarNetwork> OpenAvatarNetwork(const FilePart& file, bool hubert) {
  const Path extension = Path(file.name()).extension();
  const bool is_checkpoint = extension == ".pth" || extension == ".pt" || extension == ".tar";
  ASSIGN_OR_RETURN(Graph graph, is_checkpoint ? Convert(file, hubert) : ReadOnnx(file));
  return AvatarNetwork{file, std::move(graph), is_checkpoint};
}

Result<AvatarNetwork> OpenAvatarNetwork(const Path& file, bool hubert) {
  ASSIGN_OR_RETURN(const FilePart part, FilePart::Open(file));
  return OpenAvatarNetwork(part, hubert);
}

Status WriteAvatarNetwork(const AvatarNetwork& network, const Path& to) {
  RETURN_IF_ERROR(MakeFolder(to.parent_path()));
  if (network.converted) return WriteOnnx(to, network.graph);
  ASSIGN_OR_RETURN(const auto bytes, network.file.ReadAll());
  const auto alone = ParseOnnx(bytes);
  if (alone.ok()) return WriteFileAtomically(to, bytes);
  return WriteOnnx(to, network.graph);  // its weights lie in files beside it
}

}  // namespace lips
