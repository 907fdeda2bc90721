// ONNX Runtime's shared library, opened once per process.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

struct OrtApi;
struct OrtEnv;
struct OrtStatus;

namespace lips {

// Everything is alive until the process ends: ONNX Runtime does not survive being unloaded.
struct OrtLibrary {
  const OrtApi* api = nullptr;  // of the newest version that both the headers and the library know
  OrtEnv* env = nullptr;
  std::string version;  // "1.29.0"
  std::string path;     // what the loader was given
  Path folder;          // where it lies, and with it the libraries of its providers
};

// The first caller opens it; later ones get the same answer. Looked for in LIPSTREAM_ORT_LIBRARY (a file; nothing else
// is then tried), ONNXRUNTIME_ROOT, where the build found it, beside the program, and by the loader's own rules.
// Errors: kUnsupported listing what was tried and why it failed. Thread-safe.
Result<const OrtLibrary*> LoadOrtLibrary();

// Turns a status of the C API into ours and releases it; nullptr is success. kResourceLimit where memory is used up, be
// it the device's.
Status TakeStatus(const OrtApi& api, OrtStatus* status);

}  // namespace lips
