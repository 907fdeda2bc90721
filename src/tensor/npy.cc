#include "tensor/npy.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>

#include "tensor/npy_header.h"

namespace lips {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are read and written as they lie in memory");

// Copies elements stored with the first index fastest to row-major order.
void CopyFromFortranOrder(std::span<const uint8_t> from, const Dims& dims, size_t element_bytes, uint8_t* to) {
  const size_t rank = dims.size();
  std::vector<size_t> stride(rank);  // bytes in `from` per step of each index
  size_t step = element_bytes;
  for (size_t d = 0; d < rank; ++d) {
    stride[d] = step;
    step *= static_cast<size_t>(dims[d]);
  }
  std::vector<int64_t> index(rank, 0);
  size_t offset = 0;
  for (size_t done = 0; done < from.size(); done += element_bytes) {
    std::memcpy(to + done, from.data() + offset, element_bytes);
    for (size_t d = rank; d-- > 0;) {  // row-major increment
      offset += stride[d];
      if (++index[d] < dims[d]) break;
      offset -= stride[d] * static_cast<size_t>(dims[d]);
      index[d] = 0;
    }
  }
}

void ReverseBytesOfEach(uint8_t* data, size_t bytes, size_t element_bytes) {
  for (size_t i = 0; i < bytes; i += element_bytes) std::reverse(data + i, data + i + element_bytes);
}

Error WriteError(const Path& path) {
  const int code = errno != 0 ? errno : EIO;
  return {ErrorCode::kIo, "cannot write '" + path.string() + "': " + std::generic_category().message(code)};
}

}  // namespace

Result<Tensor> ParseNpy(std::span<const uint8_t> bytes) {
  ASSIGN_OR_RETURN(const NpyHeader header, ParseNpyHeader(bytes));
  ASSIGN_OR_RETURN(const int64_t count, ElementCount(header.dims));
  const size_t element_bytes = SizeOf(header.dtype);
  const size_t expected = static_cast<size_t>(count) * element_bytes;
  const auto data = bytes.subspan(header.data_offset_bytes);
  if (data.size() != expected) {  // before anything is allocated
    return Error(ErrorCode::kCorrupted, "NPY file has " + std::to_string(data.size()) + " bytes of elements; " +
                                            std::string(Name(header.dtype)) + " " + ToString(header.dims) + " needs " +
                                            std::to_string(expected));
  }
  Tensor tensor;
  tensor.Resize(header.dtype, header.dims);
  if (count == 0) return tensor;
  if (header.fortran_order && header.dims.size() > 1) {
    CopyFromFortranOrder(data, header.dims, element_bytes, tensor.data());
  } else {
    std::memcpy(tensor.data(), data.data(), data.size());
  }
  if (header.big_endian && element_bytes > 1) ReverseBytesOfEach(tensor.data(), tensor.bytes(), element_bytes);
  return tensor;
}

Result<Tensor> ReadNpy(const Path& path) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  auto tensor = ParseNpy(file.bytes());
  if (!tensor.ok()) return std::move(tensor).TakeError().Within("'" + path.string() + "'");
  return tensor;
}

Status WriteNpy(const Path& path, const TensorView& tensor) {
  ASSIGN_OR_RETURN(const std::string header, FormatNpyHeader(tensor.dtype, tensor.dims));
  ASSIGN_OR_RETURN(const int64_t count, ElementCount(tensor.dims));
  ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  errno = 0;
  std::ofstream out(file.temporary_path(), std::ios::binary);
  out.write(header.data(), static_cast<std::streamsize>(header.size()));
  const size_t bytes = static_cast<size_t>(count) * SizeOf(tensor.dtype);
  if (bytes > 0) out.write(reinterpret_cast<const char*>(tensor.data), static_cast<std::streamsize>(bytes));
  out.close();
  if (!out) return WriteError(path);
  return file.Commit();
}

}  // namespace lips
