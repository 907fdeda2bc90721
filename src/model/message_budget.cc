#include "model/message_budget.h"

#include <optional>
#include <string>

namespace lips {
namespace {

constexpr int64_t kMostParts = 2'000'000;  // about 300 MB in the worst case; a network of 1000 layers has 20,000
constexpr int kDeepest = 100;              // protobuf's own limit

// The messages of onnx.proto that hold others. kLeaf stands for every message or text that holds none worth counting.
enum class Kind : uint8_t { kModel, kGraph, kNode, kAttribute, kTensor, kValueInfo, kType, kAny, kLeaf };

// What field `number` of a message is, if length-delimited.
Kind FieldKind(Kind message, uint64_t number) {
  switch (message) {
    case Kind::kModel: return number == 7 ? Kind::kGraph : number == 20 || number == 25 ? Kind::kAny : Kind::kLeaf;
    case Kind::kGraph:
      return number == 1                    ? Kind::kNode
             : number == 5                  ? Kind::kTensor
             : number >= 11 && number <= 13 ? Kind::kValueInfo
             : number == 15 || number == 14 ? Kind::kAny
                                            : Kind::kLeaf;
    case Kind::kNode: return number == 5 ? Kind::kAttribute : Kind::kLeaf;
    case Kind::kAttribute:
      return number == 5 || number == 10    ? Kind::kTensor
             : number == 6 || number == 11  ? Kind::kGraph
             : number == 14 || number == 15 ? Kind::kType
             : number == 22 || number == 23 ? Kind::kAny
                                            : Kind::kLeaf;
    case Kind::kValueInfo: return number == 2 ? Kind::kType : Kind::kLeaf;
    case Kind::kType: return Kind::kType;  // shapes and nested types; their texts are counted a little too often
    case Kind::kTensor:
    case Kind::kAny:
    case Kind::kLeaf: break;
  }
  return Kind::kLeaf;
}

std::optional<uint64_t> TakeVarint(std::span<const uint8_t>& bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size() && i < 10; ++i) {
    value |= uint64_t{bytes[i] & 0x7fu} << (7 * i);
    if ((bytes[i] & 0x80) == 0) {
      bytes = bytes.subspan(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

// Adds the parts of one message to `parts`; stops quietly at anything that is no protobuf, or above the budget.
void Count(std::span<const uint8_t> bytes, Kind message, int depth, int64_t& parts) {
  while (!bytes.empty() && parts <= kMostParts) {
    const auto tag = TakeVarint(bytes);
    if (!tag) return;
    switch (*tag & 7) {
      case 0:
        if (!TakeVarint(bytes)) return;
        break;
      case 1:
      case 5: {
        const size_t size = (*tag & 7) == 1 ? 8 : 4;
        if (bytes.size() < size) return;
        bytes = bytes.subspan(size);
        break;
      }
      case 2: {
        const auto size = TakeVarint(bytes);
        if (!size || *size > bytes.size()) return;
        ++parts;
        const Kind kind = FieldKind(message, *tag >> 3);
        if (kind == Kind::kAny) {
          parts += static_cast<int64_t>(*size / 2);  // as many as could possibly be in there
        } else if (kind != Kind::kLeaf && depth < kDeepest) {
          Count(bytes.first(*size), kind, depth + 1, parts);
        }
        bytes = bytes.subspan(*size);
        break;
      }
      case 3:
      case 4: break;  // an old-style group: what it holds is counted as if it stood here
      default: return;
    }
  }
}

}  // namespace

Status CheckMessageBudget(std::span<const uint8_t> bytes) {
  int64_t parts = 0;
  Count(bytes, Kind::kModel, 0, parts);
  if (parts <= kMostParts) return {};
  return Error(ErrorCode::kResourceLimit,
               "it consists of more than " + std::to_string(kMostParts) + " parts, far more than any network needs");
}

}  // namespace lips
