// The sound files the page offers to whoever has none at hand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"

namespace lips {

class Samples {
 public:
  // The WAV files of `folder`, or of assets/demo beside the program; there may be none. Errors: kIo when `folder` is
  // given and is none.
  static Result<Samples> Open(const std::optional<Path>& folder);

  // [{"id", "url", "seconds"}]
  Json ToJson() const;
  // Nothing when there is no sample "NAME.wav".
  std::optional<Path> Find(std::string_view file_name) const;

 private:
  struct Sample {
    std::string id;
    Path path;
    double seconds = 0;
  };
  std::vector<Sample> samples_;
};

}  // namespace lips
