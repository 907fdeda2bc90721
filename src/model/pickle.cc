#include "model/pickle.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "model/graph.h"
#include "model/name.h"
#include "model/pickle_machine.h"

// Source: torch/_utils.py and torch/serialization.py.
namespace lips {
namespace {

constexpr size_t kMostKeyBytes = 64;
constexpr int64_t kMostElements = int64_t{1} << 40;

constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kRebuildParameter = "torch._utils._rebuild_parameter";
constexpr std::string_view kOrderedDict = "collections.OrderedDict";

struct StorageType {
  std::string_view name;
  DType dtype;
};
constexpr std::array<StorageType, 9> kStorageTypes = {{{"torch.FloatStorage", DType::kF32},
                                                       {"torch.DoubleStorage", DType::kF64},
                                                       {"torch.HalfStorage", DType::kF16},
                                                       {"torch.BFloat16Storage", DType::kBf16},
                                                       {"torch.LongStorage", DType::kI64},
                                                       {"torch.IntStorage", DType::kI32},
                                                       {"torch.CharStorage", DType::kI8},
                                                       {"torch.ByteStorage", DType::kU8},
                                                       {"torch.BoolStorage", DType::kBool}}};

const StorageType* FindStorageType(std::string_view name) {
  const auto* const found = std::ranges::find(kStorageTypes, name, &StorageType::name);
  return found == kStorageTypes.end() ? nullptr : found;
}

// The allowed global of that name, as a text that stays; empty when there is none.
std::string_view AllowedGlobal(std::string_view module, std::string_view name) {
  const std::string whole = std::string(module.substr(0, 64)) + "." + std::string(name.substr(0, 64));
  for (const std::string_view allowed : {kRebuildTensor, kRebuildParameter, kOrderedDict}) {
    if (whole == allowed) return allowed;
  }
  const StorageType* storage = FindStorageType(whole);
  return storage == nullptr ? std::string_view() : storage->name;
}

class CheckpointReader : public PickleMachine {
 public:
  Result<Pickle> Read(std::span<const uint8_t> bytes) && {
    ASSIGN_OR_RETURN(pickle().root, Run(bytes));
    return std::move(pickle());
  }

 private:
  Status PushGlobal(std::string_view module, std::string_view name) override {
    const std::string_view allowed = AllowedGlobal(module, name);
    if (allowed.empty()) {
      return NotAllowed(module, name, "only tensors are read from a checkpoint, and nothing in it is run");
    }
    return Push({PickleKind::kGlobal, 0, 0, allowed, {}});
  }

  // ("storage", torch.FloatStorage, "0", "cpu", 2048)
  Status PushPersistent(PickleId id) override {
    const PickleValue& tuple = At(id);
    if (tuple.kind != PickleKind::kTuple || tuple.items.size() != 5) return Damaged("a storage is not five values");
    const PickleValue& tag = At(tuple.items[0]);
    const PickleValue& type = At(tuple.items[1]);
    const PickleValue& key = At(tuple.items[2]);
    const PickleValue& count = At(tuple.items[4]);
    const StorageType* storage = type.kind == PickleKind::kGlobal ? FindStorageType(type.text) : nullptr;
    if (tag.kind != PickleKind::kText || tag.text != "storage" || storage == nullptr || key.kind != PickleKind::kText ||
        key.text.size() > kMostKeyBytes || count.kind != PickleKind::kInt) {
      return Damaged("a storage is not described by type, key, place and count");
    }
    if (count.number < 0 || count.number > kMostElements) {
      return Error(ErrorCode::kResourceLimit,
                   "pickle: storage " + QuoteName(key.text) + " claims " + std::to_string(count.number) + " elements");
    }
    pickle().storages.push_back({key.text, storage->dtype, count.number});
    return Push(PickleKind::kStorage, static_cast<int64_t>(pickle().storages.size()) - 1);
  }

  Status Call(std::string_view function, const std::vector<PickleId>& arguments) override {
    if (function == kOrderedDict && arguments.empty()) return Push(PickleKind::kDict, 0);
    if (function == kRebuildTensor) return RebuildTensor(arguments);
    if (function == kRebuildParameter && !arguments.empty() && At(arguments[0]).kind == PickleKind::kTensor) {
      return PushAgain(arguments[0]);
    }
    return Error(ErrorCode::kUnsupported, "pickle: '" + std::string(function) + "' with such arguments is not allowed");
  }

  // A tuple of whole numbers, none negative.
  Result<Dims> Numbers(PickleId id) const {
    const PickleValue& tuple = At(id);
    if (tuple.kind != PickleKind::kTuple && tuple.kind != PickleKind::kList) return Damaged("a tensor's shape is none");
    if (tuple.items.size() > kMaxRank) {
      return Error(ErrorCode::kUnsupported,
                   "pickle: a tensor of " + std::to_string(tuple.items.size()) + " dimensions");
    }
    Dims numbers;
    for (const PickleId item : tuple.items) {
      if (At(item).kind != PickleKind::kInt || At(item).number < 0)
        return Damaged("a tensor's shape is not of numbers");
      numbers.push_back(At(item).number);
    }
    return numbers;
  }

  // (storage, offset, size, stride, requires_grad, hooks[, metadata])
  Status RebuildTensor(const std::vector<PickleId>& arguments) {
    if (arguments.size() < 4 || At(arguments[0]).kind != PickleKind::kStorage ||
        At(arguments[1]).kind != PickleKind::kInt) {
      return Damaged("a tensor is not described by storage, offset, size and stride");
    }
    PickledTensor tensor;
    tensor.storage = At(arguments[0]).number;
    tensor.offset = At(arguments[1]).number;
    ASSIGN_OR_RETURN(tensor.dims, Numbers(arguments[2]));
    ASSIGN_OR_RETURN(tensor.strides, Numbers(arguments[3]));
    RETURN_IF_ERROR(CheckWithin(tensor));
    for (size_t axis = 0; axis < tensor.dims.size(); ++axis) {
      if (tensor.dims[axis] == 1) tensor.strides[axis] = 0;  // never taken, so nobody has checked it
    }
    pickle().tensors.push_back(std::move(tensor));
    return Push(PickleKind::kTensor, static_cast<int64_t>(pickle().tensors.size()) - 1);
  }

  Status CheckWithin(const PickledTensor& tensor) const {
    const PickledStorage& storage = pickle().storages[static_cast<size_t>(tensor.storage)];
    if (tensor.strides.size() != tensor.dims.size()) return Damaged("a tensor has not one stride a dimension");
    ASSIGN_OR_RETURN(const int64_t count, ElementCount(tensor.dims));
    const Error outside = Damaged("a tensor " + ToString(tensor.dims) + " does not fit into its storage " +
                                  QuoteName(storage.key) + " of " + std::to_string(storage.elements) + " elements");
    if (tensor.offset < 0 || tensor.offset > storage.elements || count > storage.elements) return outside;
    if (count == 0) return {};
    int64_t room = storage.elements - tensor.offset - 1;  // between the first element and the last there may be
    if (room < 0) return outside;
    for (size_t axis = 0; axis < tensor.dims.size(); ++axis) {
      const int64_t steps = tensor.dims[axis] - 1;
      if (steps > 0 && tensor.strides[axis] > room / steps) return outside;
      room -= steps * tensor.strides[axis];
    }
    return {};
  }

  // What torch adds to an OrderedDict (its versions, "_metadata") is not needed.
  Status SetState(PickleId target, PickleId /*state*/) override {
    if (At(target).kind == PickleKind::kDict) return {};
    return Error(ErrorCode::kUnsupported, "pickle: an object with a state of its own is not allowed");
  }
};

}  // namespace

const PickleValue* Pickle::Find(const PickleValue& dict, std::string_view key) const {
  if (dict.kind != PickleKind::kDict) return nullptr;
  for (size_t k = dict.items.size(); k >= 2; k -= 2) {
    const PickleValue& name = values[dict.items[k - 2]];
    if (name.kind == PickleKind::kText && name.text == key) return &values[dict.items[k - 1]];
  }
  return nullptr;
}

Result<Pickle> ReadPickle(std::span<const uint8_t> bytes) { return CheckpointReader().Read(bytes); }

}  // namespace lips
