#include "tests/testdata/package.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <thread>

#include "audio/feature_stream.h"
#include "base/sha256.h"
#include "engine/audio_encoder.h"
#include "model/onnx.h"
#include "tensor/npy.h"
#include "tests/testdata/package_pictures.h"
#include "tests/testdata/speech.h"

namespace lips::testdata {
namespace {

constexpr int kRowFloats = 512;

struct Pictures {
  std::vector<std::unique_ptr<PictureSink>> full, crop, roi, masked;
  std::vector<Rect> rects;
};

// Where each kind of picture goes in this layout.
Pictures Sinks(const Path& folder, const PackageRecipe& recipe) {
  Pictures to;
  switch (recipe.layout) {
    case AvatarLayout::kPackage2:
    case AvatarLayout::kFlattenedOnnx:
      to.full.push_back(ToVideo(folder / "full_body_video.mp4"));
      to.crop.push_back(ToVideo(folder / "crops_328_video.mp4"));
      to.roi.push_back(ToVideo(folder / "rois_320_video.mp4"));
      to.masked.push_back(ToVideo(folder / "model_inputs_video.mp4"));
      break;
    case AvatarLayout::kTest:
      to.full.push_back(ToJpegs(folder / "full_body_img", ""));
      to.roi.push_back(ToJpegs(folder / "cache/rois_320", ""));
      to.masked.push_back(ToJpegs(folder / "cache/model_inputs", "_masked"));
      break;
    case AvatarLayout::kTrainingTree:
      to.full.push_back(ToVideo(folder / (recipe.name + "_25fps.mp4")));
      to.full.push_back(ToJpegs(folder / "full_body_img", ""));
      break;
    case AvatarLayout::kOld:
      to.full.push_back(ToVideo(folder / "video.mp4"));
      to.crop.push_back(ToVideo(folder / "face_crops_328.mp4"));
      to.roi.push_back(ToVideo(folder / "face_regions_320.mp4"));
      to.masked.push_back(ToVideo(folder / "masked_regions_320.mp4"));
      break;
  }
  return to;
}

Status WriteLandmarks(const Path& folder, int frame, std::span<const Landmark> landmarks) {
  std::string text;
  for (const Landmark& point : landmarks) {
    text += std::to_string(static_cast<int>(point.x)) + " " + std::to_string(static_cast<int>(point.y)) + "\n";
  }
  return WriteFileAtomically(folder / (std::to_string(frame) + ".lms"), text);
}

Status WriteFaceBounds(const Path& folder, int frame, Rect rect) {
  const std::array<float, 4> bounds = {static_cast<float>(rect.x), static_cast<float>(rect.y),
                                       static_cast<float>(rect.right()), static_cast<float>(rect.bottom())};
  return WriteNpy(folder / (std::to_string(frame) + ".npy"), TensorView({4}, bounds));
}

Status AddAll(std::span<const std::unique_ptr<PictureSink>> sinks, ConstImageView picture) {
  for (const auto& sink : sinks) RETURN_IF_ERROR(sink->Add(picture));
  return {};
}

Status FinishAll(std::span<const std::unique_ptr<PictureSink>> sinks) {
  for (const auto& sink : sinks) RETURN_IF_ERROR(sink->Finish());
  return {};
}

// Draws a few frames at a time on two threads, then hands them on in order.
Result<std::vector<Rect>> WritePictures(const Path& folder, const PackageRecipe& recipe) {
  const Pictures to = Sinks(folder, recipe);
  const bool old = recipe.layout == AvatarLayout::kOld;
  const Path per_frame = folder / (old ? "face_bounds" : "landmarks");
  RETURN_IF_ERROR(MakeFolder(per_frame));
  std::vector<Rect> rects;
  constexpr int kAtOnce = 8;
  for (int first = 0; first < recipe.frames; first += kAtOnce) {
    const int count = std::min(kAtOnce, recipe.frames - first);
    std::vector<std::optional<Result<PackagePicture>>> drawn(static_cast<size_t>(count));
    std::atomic<int> next = 0;
    const auto draw = [&] {
      for (int k = next++; k < count; k = next++) drawn[static_cast<size_t>(k)].emplace(DrawPicture(recipe, first + k));
    };
    {
      const std::jthread second(draw);
      draw();
    }
    for (int k = 0; k < count; ++k) {
      ASSIGN_OR_RETURN(const PackagePicture picture, std::move(*drawn[static_cast<size_t>(k)]));
      RETURN_IF_ERROR(AddAll(to.full, picture.frame.view()));
      RETURN_IF_ERROR(AddAll(to.crop, picture.inputs.crop.view()));
      RETURN_IF_ERROR(AddAll(to.roi, picture.inputs.roi.view()));
      RETURN_IF_ERROR(AddAll(to.masked, picture.inputs.masked.view()));
      RETURN_IF_ERROR(old ? WriteFaceBounds(per_frame, first + k, picture.rect)
                          : WriteLandmarks(per_frame, first + k, picture.landmarks));
      rects.push_back(picture.rect);
    }
  }
  for (const auto* sinks : {&to.full, &to.crop, &to.roi, &to.masked}) RETURN_IF_ERROR(FinishAll(*sinks));
  return rects;
}

Json AsJson(Rect rect) { return Json::Array{rect.x, rect.y, rect.right(), rect.bottom()}; }

Json Videos(const PackageRecipe& recipe) {
  const auto video = [&](const char* file) {
    return Json::Object({{"video_file", file}, {"frame_count", recipe.frames}, {"fps", 25}});
  };
  return Json::Object({{"full_body_img", video("full_body_video.mp4")},
                       {"crops_328", video("crops_328_video.mp4")},
                       {"rois_320", video("rois_320_video.mp4")},
                       {"model_inputs", video("model_inputs_video.mp4")}});
}

Status WriteJson(const Path& path, const Json& json) { return WriteFileAtomically(path, json.Dump()); }

Status WriteRectangles(const Path& folder, const PackageRecipe& recipe, std::span<const Rect> rects) {
  RETURN_IF_ERROR(MakeFolder(folder / "cache"));
  Json rectangles = Json::Object();
  Json flat = Json::Array();
  Json indices = Json::Array();
  for (size_t k = 0; k < rects.size(); ++k) {
    rectangles.Set(std::to_string(k), Json::Object({{"rect", AsJson(rects[k])}}));
    flat.Append(AsJson(rects[k]));
    indices.Append(k);
  }
  RETURN_IF_ERROR(WriteJson(folder / "cache/crop_rectangles.json", rectangles));
  if (recipe.layout == AvatarLayout::kTest) RETURN_IF_ERROR(WriteJson(folder / "crop_rects.json", flat));
  return WriteJson(folder / "cache/frame_metadata.json",
                   Json::Object({{"start_frame", 0},
                                 {"max_frames", -1},
                                 {"processed_frames", recipe.frames},
                                 {"original_shape", Json::Array{recipe.width, recipe.height}},
                                 {"frame_indices", indices}}));
}

Status WriteManifests(const Path& folder, const PackageRecipe& recipe) {
  const int size = recipe.generator.size_px;
  const Dims& audio = recipe.generator.audio_dims;
  const Json shapes = Json::Object({{recipe.generator.image_name, Json::Array{1, 6, size, size}},
                                    {recipe.generator.audio_name, Json::Array{1, audio[0], audio[1], audio[2]}}});
  RETURN_IF_ERROR(
      WriteJson(folder / "dataset_manifest.json",
                Json::Object({{"dataset_name", recipe.name}, {"package_version", "2.0"}, {"videos", Videos(recipe)}})));
  return WriteJson(folder / "package_info.json",
                   Json::Object({{"package_type", "mp4_video_package"},
                                 {"package_version", "2.0"},
                                 {"dataset_name", recipe.name},
                                 {"person", "drawn by Lipstream's test data maker; shows nobody"},
                                 {"weights", "constructed by hand and seeded; not trained"},
                                 {"videos", Videos(recipe)},
                                 {"onnx", Json::Object({{"file", "checkpoint/model_best.onnx"},
                                                        {"opset", recipe.generator.spelling.opset},
                                                        {"asr_mode", "ave"},
                                                        {"input_shapes", shapes}})}}));
}

// Both networks under this layout's names. Says where the encoder is, since the features need it.
Status WriteNetworks(const Path& folder, const PackageRecipe& recipe) {
  RETURN_IF_ERROR(MakeFolder(folder / "models"));
  RETURN_IF_ERROR(WriteOnnx(folder / "models/audio_encoder.onnx", MakeAudioEncoder(recipe.encoder)));
  GeneratorRecipe generator = recipe.generator;
  switch (recipe.layout) {
    case AvatarLayout::kPackage2:
    case AvatarLayout::kTest:
      RETURN_IF_ERROR(MakeFolder(folder / "checkpoint"));
      return WriteOnnx(folder / "checkpoint/model_best.onnx", MakeGenerator(generator));
    case AvatarLayout::kFlattenedOnnx: {
      RETURN_IF_ERROR(WriteOnnx(folder / "models/generator.onnx", MakeGenerator(generator)));
      ASSIGN_OR_RETURN(const std::string generator_hash, Sha256OfFile(folder / "models/generator.onnx"));
      ASSIGN_OR_RETURN(const std::string encoder_hash, Sha256OfFile(folder / "models/audio_encoder.onnx"));
      const auto entry = [](const char* file, const std::string& hash) {
        return Json::Object({{"file", file}, {"sha256", hash}});
      };
      return WriteJson(folder / "onnx_dist_config.json",
                       Json::Object({{"generator", entry("models/generator.onnx", generator_hash)},
                                     {"audio_encoder", entry("models/audio_encoder.onnx", encoder_hash)}}));
    }
    case AvatarLayout::kTrainingTree: return {};
    case AvatarLayout::kOld:
      generator.image_name = "visual_input";
      generator.audio_name = "audio_input";
      return WriteOnnx(folder / "models/99.onnx", MakeGenerator(generator));
  }
  return {};
}

Status WriteFeatures(const Path& folder, const PackageRecipe& recipe) {
  const Speech speech = SynthesizeSpeech(std::max(1.0, recipe.frames / 25.0), recipe.seed);
  GeneratorOptions options;
  options.session.backend = Backend::kReference;
  options.session.threads = 2;
  options.prove = false;
  ASSIGN_OR_RETURN(const std::unique_ptr<AudioEncoder> encoder,
                   OpenAudioEncoder(folder / "models/audio_encoder.onnx", options));
  const auto encode = [&](std::span<const float> inputs, int64_t count, std::span<float> out) {
    return encoder->Encode(inputs, count, out);
  };
  ASSIGN_OR_RETURN(const std::vector<float> rows, ComputeFeatures(speech.samples, encode, kRowFloats));
  if (recipe.layout == AvatarLayout::kFlattenedOnnx) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(rows.data());
    return WriteFileAtomically(folder / "aud_ave.bin", std::span(bytes, rows.size() * sizeof(float)));
  }
  if (recipe.layout == AvatarLayout::kTrainingTree) {
    RETURN_IF_ERROR(WriteWav(folder / "aud.wav", speech.samples, kSpeechRateHz, 1));
  }
  const Dims dims = {static_cast<int64_t>(rows.size()) / kRowFloats, kRowFloats};
  return WriteNpy(folder / "aud_ave.npy", TensorView(dims, rows));
}

}  // namespace

Status WritePackage(const Path& folder, const PackageRecipe& recipe) {
  RETURN_IF_ERROR(MakeFolder(folder));
  ASSIGN_OR_RETURN(const std::vector<Rect> rects, WritePictures(folder, recipe));
  const bool described = recipe.layout != AvatarLayout::kTrainingTree && recipe.layout != AvatarLayout::kOld;
  if (described) {
    RETURN_IF_ERROR(WriteRectangles(folder, recipe, rects));
    RETURN_IF_ERROR(WriteManifests(folder, recipe));
  }
  RETURN_IF_ERROR(WriteNetworks(folder, recipe));
  return WriteFeatures(folder, recipe);
}

}  // namespace lips::testdata
