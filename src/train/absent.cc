// What a program without torch answers.
#include "train/train.h"

namespace lips {

bool CanTrain() { return false; }

Result<TrainReport> Train(const TrainRequest&) {
  return Error(
      ErrorCode::kUnsupported,
      "this program was built without training; install libtorch-dev and build it with 'cmake --preset train && "
      "cmake --build build/train --target lipstream'");
}

}  // namespace lips
