#include "model/pth_writer.h"

#include <bit>
#include <span>
#include <string_view>

#include "model/crc32.h"

namespace lips {
namespace {

static_assert(std::endian::native == std::endian::little, "storages are written little endian");

using Bytes = std::vector<uint8_t>;

void AppendText(std::string_view text, Bytes& out) { out.insert(out.end(), text.begin(), text.end()); }

// `bytes` is at most 8.
void AppendNumber(uint64_t value, int bytes, Bytes& out) {
  for (int k = 0; k < bytes; ++k) out.push_back(static_cast<uint8_t>(value >> (8 * k)));
}

// The part of a zip archive that needs no compression. Data begin at multiples of 64, as PyTorch's own writer does.
class StoredZip {
 public:
  void Add(std::string_view name, std::span<const uint8_t> data) {
    constexpr size_t kLocalHeader = 30;
    constexpr size_t kExtraHeader = 4;
    const size_t start = bytes_.size();
    const size_t unpadded = start + kLocalHeader + name.size() + kExtraHeader;
    const size_t padding = (64 - unpadded % 64) % 64;
    const uint32_t crc = Crc32(data);
    AppendNumber(0x04034b50, 4, bytes_);
    AppendEntry(name, crc, data.size(), kExtraHeader + padding, bytes_);
    AppendText(name, bytes_);
    AppendNumber(0x4246, 2, bytes_);  // "FB", the extra field PyTorch pads with
    AppendNumber(padding, 2, bytes_);
    bytes_.insert(bytes_.end(), padding, 'Z');
    bytes_.insert(bytes_.end(), data.begin(), data.end());

    AppendNumber(0x02014b50, 4, directory_);
    AppendNumber(20, 2, directory_);
    AppendEntry(name, crc, data.size(), 0, directory_);
    directory_.insert(directory_.end(), 2 + 2 + 2 + 4, 0);  // comment, disk, attributes
    AppendNumber(start, 4, directory_);
    AppendText(name, directory_);
    ++entries_;
  }

  Bytes Finish() && {
    const size_t start = bytes_.size();
    bytes_.insert(bytes_.end(), directory_.begin(), directory_.end());
    AppendNumber(0x06054b50, 4, bytes_);
    AppendNumber(0, 4, bytes_);
    AppendNumber(entries_, 2, bytes_);
    AppendNumber(entries_, 2, bytes_);
    AppendNumber(directory_.size(), 4, bytes_);
    AppendNumber(start, 4, bytes_);
    AppendNumber(0, 2, bytes_);
    return std::move(bytes_);
  }

 private:
  // What the local header and the directory have in common. The date is the format's first day.
  static void AppendEntry(std::string_view name, uint32_t crc, size_t size, size_t extra, Bytes& out) {
    constexpr uint64_t kFirstDay = 0x0021;
    AppendNumber(20, 2, out);  // version
    AppendNumber(0, 2 + 2 + 2, out);
    AppendNumber(kFirstDay, 2, out);
    AppendNumber(crc, 4, out);
    AppendNumber(size, 4, out);
    AppendNumber(size, 4, out);
    AppendNumber(name.size(), 2, out);
    AppendNumber(extra, 2, out);
  }

  Bytes bytes_;
  Bytes directory_;
  size_t entries_ = 0;
};

// Opcodes of pickle protocol 2.
class Pickle {
 public:
  Pickle() { AppendText("\x80\x02", bytes_); }
  void Op(char code) { bytes_.push_back(static_cast<uint8_t>(code)); }
  void Global(std::string_view module, std::string_view name) {
    Op('c');
    AppendText(module, bytes_);
    Op('\n');
    AppendText(name, bytes_);
    Op('\n');
  }
  void Text(std::string_view text) {
    Op('X');
    AppendNumber(text.size(), 4, bytes_);
    AppendText(text, bytes_);
  }
  void Int(int64_t value) {
    if (value >= 0 && value < (int64_t{1} << 31)) {
      Op('J');
      AppendNumber(static_cast<uint64_t>(value), 4, bytes_);
    } else {
      AppendText("\x8a\x08", bytes_);
      AppendNumber(static_cast<uint64_t>(value), 8, bytes_);
    }
  }
  void IntTuple(const Dims& values) {
    Op('(');
    for (const int64_t value : values) Int(value);
    Op('t');
  }
  Bytes Finish() && {
    Op('.');
    return std::move(bytes_);
  }

 private:
  Bytes bytes_;
};

std::string_view StorageType(DType dtype) {
  switch (dtype) {
    case DType::kF32: return "FloatStorage";
    case DType::kF64: return "DoubleStorage";
    case DType::kF16: return "HalfStorage";
    case DType::kI64: return "LongStorage";
    case DType::kI32: return "IntStorage";
    case DType::kI8: return "CharStorage";
    case DType::kU8: return "ByteStorage";
    default: return {};
  }
}

Dims PackedStrides(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (size_t axis = dims.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * dims[axis];
  return strides;
}

// torch._utils._rebuild_tensor_v2(storage, 0, size, stride, False, OrderedDict())
void AppendTensor(const Tensor& tensor, const std::string& key, Pickle& pickle) {
  pickle.Global("torch._utils", "_rebuild_tensor_v2");
  pickle.Op('(');
  pickle.Op('(');
  pickle.Text("storage");
  pickle.Global("torch", StorageType(tensor.dtype()));
  pickle.Text(key);
  pickle.Text("cpu");
  pickle.Int(tensor.size());
  pickle.Op('t');
  pickle.Op('Q');  // the persistent id: PyTorch puts the storage here
  pickle.Int(0);
  pickle.IntTuple(tensor.dims());
  pickle.IntTuple(PackedStrides(tensor.dims()));
  pickle.Op('\x89');  // False
  pickle.Global("collections", "OrderedDict");
  pickle.Op(')');
  pickle.Op('R');
  pickle.Op('t');
  pickle.Op('R');
}

Status CheckState(const StateDict& state) {
  constexpr size_t kMostBytes = size_t{2'000'000'000};  // zip's numbers have 32 bits
  constexpr size_t kMostTensors = 60'000;               // and its counts 16
  size_t bytes = 0;
  for (const auto& [name, tensor] : state) {
    bytes += tensor.bytes() + name.size();
    if (!StorageType(tensor.dtype()).empty()) continue;
    return Error(ErrorCode::kUnsupported,
                 "'" + name + "' is of type " + std::string(Name(tensor.dtype())) + ", which is not written as .pth");
  }
  if (bytes <= kMostBytes && state.size() <= kMostTensors) return {};
  return Error(ErrorCode::kResourceLimit, "the weights have " + std::to_string(bytes) + " bytes in " +
                                              std::to_string(state.size()) + " tensors; a .pth holds less than 2 GB");
}

}  // namespace

Result<std::vector<uint8_t>> SerializePth(const StateDict& state) {
  RETURN_IF_ERROR(CheckState(state));
  Pickle pickle;
  pickle.Op('}');
  pickle.Op('(');
  size_t key = 0;
  for (const auto& [name, tensor] : state) {
    pickle.Text(name);
    AppendTensor(tensor, std::to_string(key++), pickle);
  }
  pickle.Op('u');
  StoredZip zip;
  zip.Add("archive/data.pkl", std::move(pickle).Finish());
  key = 0;
  for (const auto& [name, tensor] : state) {
    zip.Add("archive/data/" + std::to_string(key++), {tensor.data(), tensor.bytes()});
  }
  const std::string_view version = "3\n";
  zip.Add("archive/version", {reinterpret_cast<const uint8_t*>(version.data()), version.size()});
  return std::move(zip).Finish();
}

Status WritePth(const Path& path, const StateDict& state) {
  ASSIGN_OR_RETURN(const auto bytes, SerializePth(state));
  return WriteFileAtomically(path, bytes);
}

}  // namespace lips
