// ONNX's tensor message to and from ours; internal to the ONNX reader and writer.
#pragma once

#include "base/file.h"
#include "base/result.h"
#include "tensor/tensor.h"

namespace onnx {
class TensorProto;
}

namespace lips {

// Our type for an onnx::TensorProto::DataType. Errors: kUnsupported naming the type.
Result<DType> DTypeFromOnnx(int data_type);
int OnnxFromDType(DType dtype);

// The elements of `proto`, wherever they are stored: raw_data, the typed fields, or a file beside the model in
// `folder` (empty: external data is refused). Sizes are checked against the dims before anything is allocated.
// Errors: kCorrupted, kUnsupported, kIo; without the tensor's name, which the caller knows.
Result<Tensor> TensorFromOnnx(const onnx::TensorProto& proto, const Path& folder);

// Fills dims, data_type and raw_data; the name is the caller's.
void FillOnnxTensor(const Tensor& tensor, onnx::TensorProto& proto);

}  // namespace lips
