#include "talker/networks.h"

#include <utility>

#include "audio/window.h"
#include "engine/remote/generator.h"
#include "talker/face_samples.h"
#include "talker/packed_network.h"

namespace lips {
namespace {

Status OpenEncoder(const Avatar& avatar, const GeneratorOptions& engine, Networks& networks) {
  ASSIGN_OR_RETURN(const FilePart model, avatar.audio_encoder_model());
  ASSIGN_OR_RETURN(networks.encoder, OpenAudioEncoder(model, engine));
  ASSIGN_OR_RETURN(networks.encoder_sha256, avatar.HashOf(model));
  if (networks.encoder->row_floats() * int64_t{kWindowRows} != networks.generator->audio_floats()) {
    return Error(ErrorCode::kInvalidInput, "audio encoder '" + model.name() + "' gives rows of " +
                                               std::to_string(networks.encoder->row_floats()) +
                                               " values, but the generator hears " + std::to_string(kWindowRows) +
                                               " rows of " +
                                               std::to_string(networks.generator->audio_floats() / kWindowRows));
  }
  return {};
}

}  // namespace

Result<Networks> OpenNetworks(const Avatar& avatar, const NetworkRequest& request) {
  Networks networks;
  const bool here = request.engine.remote.empty();
  if (here && request.engine.session.backend == Backend::kNull) {
    ASSIGN_OR_RETURN(networks.generator, OpenGenerator(Path(), request.engine));
    return networks;
  }
  ASSIGN_OR_RETURN(const FilePart model, avatar.generator_model());
  ASSIGN_OR_RETURN(networks.model_sha256, avatar.HashOf(model));
  GeneratorOptions options = request.engine;
  if (here) {
    RETURN_IF_ERROR(UseFaceSamples(avatar, options));
    UsePackedNetwork(avatar, request.other_model, options);
    ASSIGN_OR_RETURN(networks.generator, OpenGenerator(model, options));
  } else {
    ASSIGN_OR_RETURN(networks.generator,
                     remote::OpenRemoteGenerator(
                         {.address = options.remote, .model_sha256 = networks.model_sha256, .used = options.used}));
  }
  if (networks.generator->size_px() != avatar.face().roi_px()) {
    return Error(ErrorCode::kInvalidInput,
                 "network '" + model.name() + "' works on " + std::to_string(networks.generator->size_px()) +
                     " px faces, but the avatar's pictures are " + std::to_string(avatar.face().roi_px()) + " px");
  }
  if (request.with_encoder) RETURN_IF_ERROR(OpenEncoder(avatar, request.engine, networks));
  return networks;
}

}  // namespace lips
