#include "model/pth_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "model/name.h"
#include "model/pickle.h"
#include "model/zip.h"

namespace lips {
namespace {

static_assert(std::endian::native == std::endian::little, "storages are little endian");

constexpr std::string_view kAgain = "load it with the PyTorch it was made with and torch.save its state dict again";

bool BeginsWith(std::span<const uint8_t> bytes, size_t at, std::string_view text) {
  return bytes.size() >= at && bytes.size() - at >= text.size() &&
         std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

// What is no zip archive, in words.
Error NoArchive(std::span<const uint8_t> bytes) {
  const std::string_view magic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 14);  // torch's, as a long
  std::string what;
  if (bytes.empty()) return {ErrorCode::kCorrupted, "the file is empty"};
  if (BeginsWith(bytes, 257, "ustar")) {
    what = "a tar archive, as PyTorch wrote checkpoints before 0.2";
  } else if (BeginsWith(bytes, 0, magic)) {
    what = "a checkpoint in the format of PyTorch before 1.6";
  } else if (bytes[0] == 0x80) {
    what = "a bare pickle";
  } else {
    return {ErrorCode::kUnsupported, "not a PyTorch checkpoint (a zip archive, as torch.save writes it)"};
  }
  return {ErrorCode::kUnsupported, what + ", which is not read: " + std::string(kAgain)};
}

// Where the state dict is: the first dict that has tensors in it.
Result<const PickleValue*> FindStateDict(const Pickle& pickle) {
  constexpr int kMostLevels = 4;
  const PickleValue* dict = &pickle.values[pickle.root];
  for (int level = 0; level < kMostLevels && dict->kind == PickleKind::kDict; ++level) {
    for (size_t k = 0; k + 1 < dict->items.size(); k += 2) {
      if (pickle.values[dict->items[k]].kind == PickleKind::kText &&
          pickle.values[dict->items[k + 1]].kind == PickleKind::kTensor) {
        return dict;
      }
    }
    const PickleValue* inner = nullptr;
    for (const char* key : {"state_dict", "model_state_dict", "model", "generator", "net"}) {
      inner = pickle.Find(*dict, key);
      if (inner != nullptr && inner->kind == PickleKind::kDict) break;
    }
    if (inner == nullptr) break;
    dict = inner;
  }
  return Error(ErrorCode::kInvalidInput,
               "the checkpoint holds no state dict: no tensors by name, neither at its top nor under 'state_dict', "
               "'model_state_dict', 'model', 'generator' or 'net'");
}

// Makes tensors of an archive's storages.
class Loader {
 public:
  Loader(const ZipArchive& archive, std::string folder, const Pickle& pickle, size_t file_bytes)
      : archive_(archive), folder_(std::move(folder)), pickle_(pickle), bytes_left_(4 * file_bytes) {}

  Result<Tensor> Load(const PickledTensor& described) {
    const PickledStorage& storage = pickle_.storages[static_cast<size_t>(described.storage)];
    ASSIGN_OR_RETURN(const auto elements, Elements(storage));
    ASSIGN_OR_RETURN(const int64_t count, ElementCount(described.dims));
    const size_t width = SizeOf(storage.dtype);
    const size_t bytes = static_cast<size_t>(count) * width;  // no more than the storage's
    if (bytes > bytes_left_) {
      return Error(ErrorCode::kResourceLimit, "its tensors share storages and would fill four times the file");
    }
    bytes_left_ -= bytes;
    Tensor tensor(storage.dtype, described.dims);
    if (count > 0) Copy(described, elements, width, tensor.data(), static_cast<size_t>(count));
    return tensor;
  }

 private:
  // Read once, so that a checksum is worked out once however many tensors share the storage.
  Result<std::span<const uint8_t>> Elements(const PickledStorage& storage) {
    auto found = read_.find(storage.key);
    if (found == read_.end()) {
      ASSIGN_OR_RETURN(const auto bytes, archive_.Read(folder_ + "data/" + std::string(storage.key)));
      found = read_.emplace(storage.key, bytes).first;
    }
    const size_t expected = static_cast<size_t>(storage.elements) * SizeOf(storage.dtype);
    if (found->second.size() == expected) return found->second;
    return Error(ErrorCode::kCorrupted, "storage " + QuoteName(storage.key) + " has " +
                                            std::to_string(found->second.size()) + " bytes; expected " +
                                            std::to_string(expected) + " for " + std::to_string(storage.elements) +
                                            " elements of " + std::string(Name(storage.dtype)));
  }

  // In the tensor's own order; the last axis runs fastest.
  static void Copy(const PickledTensor& tensor, std::span<const uint8_t> from, size_t width, uint8_t* to,
                   size_t count) {
    Dims index(tensor.dims.size(), 0);
    int64_t at = tensor.offset;
    for (size_t k = 0; k < count; ++k) {
      std::memcpy(to + k * width, from.data() + static_cast<size_t>(at) * width, width);
      for (size_t axis = index.size(); axis-- > 0;) {
        at += tensor.strides[axis];
        if (++index[axis] < tensor.dims[axis]) break;
        at -= tensor.strides[axis] * tensor.dims[axis];
        index[axis] = 0;
      }
    }
  }

  const ZipArchive& archive_;
  std::string folder_;
  const Pickle& pickle_;
  size_t bytes_left_;
  std::map<std::string_view, std::span<const uint8_t>> read_;
};

// The archive's one folder, with its slash. Errors: kCorrupted, kUnsupported.
Result<std::string> FindFolder(const ZipArchive& archive) {
  constexpr std::string_view kPickle = "data.pkl";
  std::vector<std::string> names = archive.NamesEndingIn(std::string("/") + std::string(kPickle));
  if (archive.Has(kPickle)) names.emplace_back(kPickle);
  if (names.size() != 1) {
    return Error(ErrorCode::kCorrupted,
                 "the zip archive has " + std::to_string(names.size()) + " 'data.pkl'; a PyTorch checkpoint has one");
  }
  return names[0].substr(0, names[0].size() - kPickle.size());
}

Status CheckArchive(const ZipArchive& archive, const std::string& folder) {
  if (archive.Has(folder + "constants.pkl")) {
    return Error(ErrorCode::kUnsupported,
                 "a TorchScript program, which is not read: torch.save the state dict of its module instead");
  }
  if (!archive.Has(folder + "byteorder")) return {};
  ASSIGN_OR_RETURN(const auto order, archive.Read(folder + "byteorder"));
  if (BeginsWith(order, 0, "little")) return {};
  return Error(ErrorCode::kUnsupported, "a checkpoint of a big-endian machine, which is not read");
}

}  // namespace

Result<StateDict> ParsePth(std::span<const uint8_t> bytes) {
  if (!BeginsWith(bytes, 0, "PK")) return NoArchive(bytes);
  ASSIGN_OR_RETURN(const ZipArchive archive, ZipArchive::Open(bytes));
  ASSIGN_OR_RETURN(const std::string folder, FindFolder(archive));
  RETURN_IF_ERROR(CheckArchive(archive, folder));
  ASSIGN_OR_RETURN(const auto pickled, archive.Read(folder + "data.pkl"));
  ASSIGN_OR_RETURN(const Pickle pickle, ReadPickle(pickled));
  ASSIGN_OR_RETURN(const PickleValue* const dict, FindStateDict(pickle));

  constexpr size_t kMostNameBytes = 1024;
  constexpr std::string_view kModule = "module.";
  std::vector<std::pair<std::string_view, const PickledTensor*>> named;
  for (size_t k = 0; k + 1 < dict->items.size(); k += 2) {
    const PickleValue& key = pickle.values[dict->items[k]];
    const PickleValue& value = pickle.values[dict->items[k + 1]];
    if (key.kind != PickleKind::kText || value.kind != PickleKind::kTensor) continue;
    if (key.text.size() > kMostNameBytes) {
      return Error(ErrorCode::kResourceLimit, "a tensor has a name of " + std::to_string(key.text.size()) + " bytes");
    }
    named.emplace_back(key.text, &pickle.tensors[static_cast<size_t>(value.number)]);
  }
  const bool wrapped = std::ranges::all_of(named, [&](const auto& one) { return one.first.starts_with(kModule); });
  Loader loader(archive, folder, pickle, bytes.size());
  StateDict state;
  for (const auto& [name, described] : named) {
    auto tensor = loader.Load(*described);
    if (!tensor.ok()) return std::move(tensor).TakeError().Within("tensor " + QuoteName(name));
    state.insert_or_assign(std::string(wrapped ? name.substr(kModule.size()) : name), std::move(tensor).value());
  }
  return state;
}

Result<StateDict> ReadPth(const FilePart& file) {
  ASSIGN_OR_RETURN(const auto bytes, file.ReadAll());
  auto state = ParsePth(bytes);
  if (!state.ok()) return std::move(state).TakeError().Within(file.name());
  return state;
}

}  // namespace lips
