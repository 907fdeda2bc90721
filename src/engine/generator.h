// The mouth generator: the one interface between the product and every inference backend.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "engine/session.h"
#include "image/view.h"
#include "model/binding.h"

namespace lips {

struct GeneratorOptions {
  SessionOptions session;
  bool prove = true;  // at open, compare one frame with the reference engine (or a stored fingerprint of that proof)
};

// One loaded network on one device. Prepare and Generate may run on different threads at the same time, but each of
// them on only one thread at a time.
class Generator {
 public:
  // What the network computes from a template face alone, in the backend's own form. Immutable once made, so any number
  // of sessions share it. Must not outlive its Generator.
  class Template {
   public:
    virtual ~Template() = default;
    virtual size_t bytes() const = 0;  // memory held, for budgets
  };

  struct Job {
    const Template* face = nullptr;
    std::span<const float> audio;  // audio_floats(): 16 feature rows, see audio/window.h
    ImageView mouth;               // out: [size_px, size_px] B, G, R
  };

  virtual ~Generator() = default;

  virtual int size_px() const = 0;           // 320 or 160
  virtual Dims audio_dims() const = 0;       // [32,16,16] for AVE
  virtual int64_t audio_floats() const = 0;  // their product: 8192
  virtual std::string Describe() const = 0;

  // `roi` and `masked` are [size_px, size_px]. `reuse`, when given, is a template of this generator nobody uses any
  // more; its memory is recycled. Errors: kInvalidInput (size), kResourceLimit.
  virtual Result<std::unique_ptr<Template>> Prepare(ConstImageView roi, ConstImageView masked,
                                                    std::unique_ptr<Template> reuse = nullptr) = 0;

  // Fills every job's `mouth`. Errors: kCorrupted when the network gave NaN or infinity (names the job); contents of
  // `mouth` are then unspecified and the generator stays usable.
  virtual Status Generate(std::span<const Job> jobs) = 0;
};

// Loads, binds by shape, cuts the template part out, proves itself and warms up. Errors as OpenSession's and
// BindGenerator's; kCorrupted when the proof fails. `model` may be empty for Backend::kNull, which takes size 320 and
// any audio.
Result<std::unique_ptr<Generator>> OpenGenerator(const Path& model, const GeneratorOptions& options);

}  // namespace lips
