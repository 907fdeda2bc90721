// What the pickle of a PyTorch checkpoint says, taken as data: nothing that it asks for is ever run.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tensor/tensor.h"

namespace lips {

using PickleId = uint32_t;  // index into Pickle::values

enum class PickleKind : uint8_t {
  kNone,
  kBool,
  kInt,
  kFloat,
  kText,
  kBytes,
  kTuple,
  kList,
  kDict,
  kGlobal,
  kStorage,
  kTensor,
  kObject,  // something else that the reader knows
};

// Text refers to the bytes the pickle was read from. A value may occur in several places, also within itself.
struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  int64_t number = 0;                // of kBool and kInt; kStorage, kTensor, kObject: an index into what the reader has
  double real = 0;                   // of kFloat
  std::string_view text = {};        // of kText and kBytes; kGlobal: its name
  std::vector<PickleId> items = {};  // of kTuple and kList; kDict: key, value, key, value...
};

// Elements that lie in the archive under `key`.
struct PickledStorage {
  std::string_view key;
  DType dtype = DType::kF32;
  int64_t elements = 0;  // >= 0
};

// A view of a storage: its element i is the storage's element offset + sum of index times stride, always within.
struct PickledTensor {
  int64_t storage = 0;  // index into Pickle::storages
  int64_t offset = 0;
  Dims dims;     // at most kMaxRank; never more elements than the storage has
  Dims strides;  // elements, >= 0
};

struct Pickle {
  std::vector<PickleValue> values;
  std::vector<PickledStorage> storages;
  std::vector<PickledTensor> tensors;
  PickleId root = 0;
  // The value of text key `key`, the last one given; nullptr when there is none or `dict` is no kDict.
  const PickleValue* Find(const PickleValue& dict, std::string_view key) const;
};

// Protocols 2 to 5, as far as torch.save writes tensors in dicts, lists, tuples, numbers and text. The only globals
// that mean something are torch._utils._rebuild_tensor_v2, torch._utils._rebuild_parameter, torch.<Type>Storage and
// collections.OrderedDict. Reading takes memory and time in proportion to the bytes, whatever they say.
//
// Errors: kUnsupported naming a global ("'os.system' is not allowed") or an opcode beyond these; kResourceLimit
// (nesting deeper than 100, more than 2^20 values, more than 16 MB); kCorrupted otherwise.
Result<Pickle> ReadPickle(std::span<const uint8_t> bytes);

}  // namespace lips
