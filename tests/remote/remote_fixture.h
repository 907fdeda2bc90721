// What the tests of the remote generator share: a network, made-up faces and audio.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "avatar/avatar.h"
#include "engine/remote/connection.h"
#include "engine/remote/generator.h"
#include "engine/remote/service.h"
#include "image/image.h"
#include "image/random_picture.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::remote {

inline std::string MessageOf(const Status& status) { return status.ok() ? "ok" : status.error().message(); }

// A fresh copy of the synthetic avatar's network on one thread.
inline std::unique_ptr<Generator> LocalGenerator() {
  GeneratorOptions options;
  options.session.precision = Precision::kF32;
  options.session.threads = 1;
  options.prove = false;
  const Avatar avatar = Avatar::Open(testdata::SyntheticAvatar(), {}).value();
  return OpenGenerator(avatar.generator_model().value(), options).value();
}

struct Face {
  Image roi, masked;
};
inline Face MakeFace(const Generator& generator, unsigned seed) {
  std::mt19937 rng(seed);
  Face face;
  face.roi = SmoothPicture(rng, generator.size_px(), generator.size_px());
  face.masked = SmoothPicture(rng, generator.size_px(), generator.size_px());
  return face;
}
inline std::vector<float> MakeAudio(const Generator& generator, unsigned seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> noise;
  std::vector<float> audio(static_cast<size_t>(generator.audio_floats()));
  for (float& value : audio) value = noise(rng);
  return audio;
}

// Mouths of `count` frames with alternating faces, one batch.
inline Result<std::vector<Image>> Speak(Generator& generator, int count,
                                        std::vector<std::unique_ptr<Generator::Template>>& templates) {
  std::vector<std::vector<float>> audio;
  std::vector<Image> mouths;
  for (int i = 0; i < count; ++i) {
    audio.push_back(MakeAudio(generator, 100u + static_cast<unsigned>(i)));
    mouths.emplace_back(generator.size_px(), generator.size_px());
  }
  std::vector<Generator::Job> jobs;
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<size_t>(i);
    jobs.push_back({templates[at % templates.size()].get(), audio[at], mouths[at].view()});
  }
  RETURN_IF_ERROR(generator.Generate(jobs));
  return mouths;
}

inline std::vector<std::unique_ptr<Generator::Template>> PrepareFaces(Generator& generator, unsigned count) {
  std::vector<std::unique_ptr<Generator::Template>> templates;
  for (unsigned seed = 1; seed <= count; ++seed) {
    const Face face = MakeFace(generator, seed);
    auto prepared = generator.Prepare(face.roi.view(), face.masked.view());
    EXPECT_TRUE(prepared.ok()) << prepared.error().message();
    if (prepared.ok()) templates.push_back(std::move(prepared).value());
  }
  return templates;
}

inline bool Same(ConstImageView a, ConstImageView b) {
  for (int y = 0; y < a.height; ++y) {
    if (!std::equal(a.Row(y), a.Row(y) + ptrdiff_t{3} * a.width, b.Row(y))) return false;
  }
  return a.width == b.width && a.height == b.height;
}

}  // namespace lips::remote
