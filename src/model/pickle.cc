#include "model/pickle.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <utility>

#include "model/graph.h"
#include "model/name.h"

// Source: CPython's pickletools.py (opcodes), torch/_utils.py and torch/serialization.py (what they are used for).
namespace lips {
namespace {

constexpr size_t kMostBytes = size_t{16} << 20;
constexpr size_t kMostValues = size_t{1} << 20;
constexpr size_t kMostDepth = 100;
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

Error Damaged(const std::string& what) { return {ErrorCode::kCorrupted, "pickle: " + what}; }

class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : rest_(bytes) {}

  Result<Pickle> Read() && {
    for (;;) {
      ASSIGN_OR_RETURN(const uint64_t op, Number(1));
      if (op == '.') break;
      RETURN_IF_ERROR(Step(static_cast<uint8_t>(op)));
    }
    ASSIGN_OR_RETURN(pickle_.root, Pop());
    return std::move(pickle_);
  }

 private:
  Status Step(uint8_t op) {
    switch (op) {
      case 0x80: return Skip(1);              // PROTO
      case 0x95: return Skip(8);              // FRAME
      case '(': return OpenMark();            // MARK
      case '0': return Discard();             // POP
      case '1': return DiscardToMark();       // POP_MARK
      case '2': return Duplicate();           // DUP
      case 'q': return Remember(1);           // BINPUT
      case 'r': return Remember(4);           // LONG_BINPUT
      case 0x94: return RememberNext();       // MEMOIZE
      case 'h': return Recall(1);             // BINGET
      case 'j': return Recall(4);             // LONG_BINGET
      case 'c': return PushGlobalOfLines();   // GLOBAL
      case 0x93: return PushGlobalOfStack();  // STACK_GLOBAL
      case 'i': return PushGlobalOfLines();   // INST: refused by name, since no class is allowed
      case 'Q': return PushStorage();         // BINPERSID
      case 'R': return Reduce();              // REDUCE
      case 'b': return Build();               // BUILD
      case 't': return PushTupleToMark();     // TUPLE
      case 'a': return AppendOne();           // APPEND
      case 'e': return AppendToMark();        // APPENDS
      case 's': return SetOne();              // SETITEM
      case 'u': return SetToMark();           // SETITEMS
      default: return StepPlain(op);
    }
  }

  // Opcodes that only push a value.
  Status StepPlain(uint8_t op) {
    switch (op) {
      case 'N': return Push({.kind = PickleKind::kNone, .text = {}, .items = {}});                // NONE
      case 0x88: return Push({.kind = PickleKind::kBool, .number = 1, .text = {}, .items = {}});  // NEWTRUE
      case 0x89: return Push({.kind = PickleKind::kBool, .text = {}, .items = {}});               // NEWFALSE
      case '}': return Push({.kind = PickleKind::kDict, .text = {}, .items = {}});                // EMPTY_DICT
      case ']': return Push({.kind = PickleKind::kList, .text = {}, .items = {}});                // EMPTY_LIST
      case ')': return PushTuple(0);                                                              // EMPTY_TUPLE
      case 0x85: return PushTuple(1);                                                             // TUPLE1
      case 0x86: return PushTuple(2);                                                             // TUPLE2
      case 0x87: return PushTuple(3);                                                             // TUPLE3
      case 'K': return PushInt(1, false);                                                         // BININT1
      case 'M': return PushInt(2, false);                                                         // BININT2
      case 'J': return PushInt(4, true);                                                          // BININT
      case 0x8A: return PushLong(1);                                                              // LONG1
      case 0x8B: return PushLong(4);                                                              // LONG4
      case 'G': return PushFloat();                                                               // BINFLOAT
      case 0x8C: return PushText(1);                                                              // SHORT_BINUNICODE
      case 'X': return PushText(4);                                                               // BINUNICODE
      case 0x8D: return PushText(8);                                                              // BINUNICODE8
      case 'U': return PushText(1);                                                               // SHORT_BINSTRING
      case 'T': return PushText(4);                                                               // BINSTRING
      default: break;
    }
    return Error(ErrorCode::kUnsupported, "pickle: opcode " + std::to_string(op) +
                                              (op > 32 && op < 127 ? std::string(" '") + char(op) + "'" : "") +
                                              " is not allowed: a checkpoint's tensors need none like it");
  }

  Result<std::span<const uint8_t>> Take(uint64_t count) {
    if (count > rest_.size()) return Damaged("it ends too early");
    const auto taken = rest_.first(static_cast<size_t>(count));
    rest_ = rest_.subspan(static_cast<size_t>(count));
    return taken;
  }

  Result<uint64_t> Number(size_t width) {
    ASSIGN_OR_RETURN(const auto bytes, Take(width));
    uint64_t value = 0;
    for (size_t k = width; k-- > 0;) value = value << 8 | bytes[k];
    return value;
  }

  Result<std::string_view> Text(uint64_t count) {
    ASSIGN_OR_RETURN(const auto bytes, Take(count));
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  Result<std::string_view> Line() {
    const auto end = std::ranges::find(rest_, uint8_t{'\n'});
    if (end == rest_.end()) return Damaged("it ends within a line");
    ASSIGN_OR_RETURN(const std::string_view line, Text(static_cast<uint64_t>(end - rest_.begin())));
    rest_ = rest_.subspan(1);
    return line;
  }

  Status Skip(uint64_t count) {
    const auto skipped = Take(count);
    return skipped.ok() ? Status() : Status(skipped.error());
  }

  size_t Floor() const { return marks_.empty() ? 0 : marks_.back(); }
  const PickleValue& At(PickleId id) const { return pickle_.values[id]; }

  Result<PickleId> Pop() {
    if (stack_.size() <= Floor()) return Damaged("it takes a value where there is none");
    const PickleId id = stack_.back();
    stack_.pop_back();
    return id;
  }

  Result<PickleId> Top() const {
    if (stack_.size() <= Floor()) return Damaged("it uses a value where there is none");
    return stack_.back();
  }

  // What was pushed since the last mark, which goes.
  Result<std::vector<PickleId>> PopToMark() {
    if (marks_.empty()) return Damaged("it closes a mark that it has not set");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<PickleId> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  static Error TooDeep() {
    return {ErrorCode::kResourceLimit, "pickle: nested deeper than " + std::to_string(kMostDepth)};
  }

  static Error TooMany() {
    return {ErrorCode::kResourceLimit, "pickle: more than " + std::to_string(kMostValues) + " values"};
  }

  Status Push(PickleValue value) {
    if (pickle_.values.size() >= kMostValues) return TooMany();
    size_t depth = 0;
    for (const PickleId item : value.items) depth = std::max(depth, depths_[item] + size_t{1});
    if (depth > kMostDepth) return TooDeep();
    depths_.push_back(static_cast<uint8_t>(depth));
    stack_.push_back(static_cast<PickleId>(pickle_.values.size()));
    pickle_.values.push_back(std::move(value));
    return {};
  }

  Status OpenMark() {
    if (marks_.size() >= kMostDepth) return TooDeep();
    marks_.push_back(stack_.size());
    return {};
  }

  Status Discard() {
    const auto id = Pop();
    return id.ok() ? Status() : Status(id.error());
  }

  Status DiscardToMark() {
    const auto items = PopToMark();
    return items.ok() ? Status() : Status(items.error());
  }

  Status Duplicate() {
    ASSIGN_OR_RETURN(const PickleId id, Top());
    return PushAgain(id);
  }

  // Values are shared, so what is pushed again costs no more than its place on the stack.
  Status PushAgain(PickleId id) {
    stack_.push_back(id);
    return {};
  }

  Status Remember(size_t width) {
    ASSIGN_OR_RETURN(const uint64_t index, Number(width));
    return RememberAs(index);
  }

  Status RememberNext() { return RememberAs(memo_.size()); }

  Status RememberAs(uint64_t index) {
    if (memo_.size() >= kMostValues) return TooMany();
    ASSIGN_OR_RETURN(memo_[index], Top());
    return {};
  }

  Status Recall(size_t width) {
    ASSIGN_OR_RETURN(const uint64_t index, Number(width));
    const auto found = memo_.find(index);
    if (found == memo_.end()) return Damaged("it recalls entry " + std::to_string(index) + ", which it never stored");
    return PushAgain(found->second);
  }

  Status PushGlobal(std::string_view module, std::string_view name) {
    const std::string_view allowed = AllowedGlobal(module, name);
    if (allowed.empty()) {
      return Error(ErrorCode::kUnsupported,
                   "pickle: " + QuoteName(std::string(module) + "." + std::string(name)) +
                       " is not allowed: only tensors are read from a checkpoint, and nothing in it is run");
    }
    return Push({.kind = PickleKind::kGlobal, .text = allowed, .items = {}});
  }

  Status PushGlobalOfLines() {
    ASSIGN_OR_RETURN(const std::string_view module, Line());
    ASSIGN_OR_RETURN(const std::string_view name, Line());
    return PushGlobal(module, name);
  }

  Status PushGlobalOfStack() {
    ASSIGN_OR_RETURN(const PickleId name, Pop());
    ASSIGN_OR_RETURN(const PickleId module, Pop());
    if (At(name).kind != PickleKind::kText || At(module).kind != PickleKind::kText) {
      return Damaged("a global's name is no text");
    }
    return PushGlobal(At(module).text, At(name).text);
  }

  Status PushInt(size_t width, bool is_signed) {
    ASSIGN_OR_RETURN(const uint64_t bits, Number(width));
    const int64_t value = is_signed ? int64_t{static_cast<int32_t>(bits)} : static_cast<int64_t>(bits);
    return Push({.kind = PickleKind::kInt, .number = value, .text = {}, .items = {}});
  }

  Status PushLong(size_t width) {
    ASSIGN_OR_RETURN(const uint64_t count, Number(width));
    if (count > 8) {
      return Error(ErrorCode::kUnsupported,
                   "pickle: a number of " + std::to_string(count) + " bytes; at most 8 are read");
    }
    ASSIGN_OR_RETURN(const uint64_t bits, Number(static_cast<size_t>(count)));
    const bool negative = count > 0 && count < 8 && ((bits >> (8 * count - 1)) & 1) != 0;
    const uint64_t above = negative ? ~uint64_t{0} << (8 * count) : 0;
    return Push({.kind = PickleKind::kInt, .number = static_cast<int64_t>(bits | above), .text = {}, .items = {}});
  }

  Status PushFloat() {  // nobody asks for its value
    RETURN_IF_ERROR(Skip(8));
    return Push({.kind = PickleKind::kFloat, .text = {}, .items = {}});
  }

  Status PushText(size_t width) {
    ASSIGN_OR_RETURN(const uint64_t count, Number(width));
    ASSIGN_OR_RETURN(const std::string_view text, Text(count));
    return Push({.kind = PickleKind::kText, .text = text, .items = {}});
  }

  Status PushTuple(size_t count) {
    if (stack_.size() - Floor() < count) return Damaged("a tuple takes values where there are none");
    const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<PickleId> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    return Push({.kind = PickleKind::kTuple, .text = {}, .items = std::move(items)});
  }

  Status PushTupleToMark() {
    ASSIGN_OR_RETURN(auto items, PopToMark());
    return Push({.kind = PickleKind::kTuple, .text = {}, .items = std::move(items)});
  }

  // Puts `items` into the list or dict on top of the stack.
  Status Extend(PickleKind kind, std::span<const PickleId> items) {
    ASSIGN_OR_RETURN(const PickleId id, Top());
    PickleValue& target = pickle_.values[id];
    if (target.kind != kind) return Damaged("it adds elements to what is no list or dict");
    if (kind == PickleKind::kDict && items.size() % 2 != 0) return Damaged("a key of a dict has no value");
    size_t depth = depths_[id];
    for (const PickleId item : items) {
      if (item != id) depth = std::max(depth, depths_[item] + size_t{1});
    }
    if (depth > kMostDepth) return TooDeep();
    depths_[id] = static_cast<uint8_t>(depth);
    target.items.insert(target.items.end(), items.begin(), items.end());
    return {};
  }

  Status AppendOne() {
    ASSIGN_OR_RETURN(const PickleId item, Pop());
    return Extend(PickleKind::kList, {&item, 1});
  }

  Status AppendToMark() {
    ASSIGN_OR_RETURN(const auto items, PopToMark());
    return Extend(PickleKind::kList, items);
  }

  Status SetOne() {
    ASSIGN_OR_RETURN(const PickleId value, Pop());
    ASSIGN_OR_RETURN(const PickleId key, Pop());
    const std::array<PickleId, 2> pair = {key, value};
    return Extend(PickleKind::kDict, pair);
  }

  Status SetToMark() {
    ASSIGN_OR_RETURN(const auto items, PopToMark());
    return Extend(PickleKind::kDict, items);
  }

  // ("storage", torch.FloatStorage, "0", "cpu", 2048)
  Status PushStorage() {
    ASSIGN_OR_RETURN(const PickleId id, Pop());
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
    pickle_.storages.push_back({key.text, storage->dtype, count.number});
    return Push({.kind = PickleKind::kStorage,
                 .number = static_cast<int64_t>(pickle_.storages.size()) - 1,
                 .text = {},
                 .items = {}});
  }

  Status Reduce() {
    ASSIGN_OR_RETURN(const PickleId arguments_id, Pop());
    ASSIGN_OR_RETURN(const PickleId function_id, Pop());
    const PickleValue& function = At(function_id);
    const PickleValue& arguments = At(arguments_id);
    if (function.kind != PickleKind::kGlobal || arguments.kind != PickleKind::kTuple) {
      return Damaged("it calls what is no function");
    }
    if (function.text == kOrderedDict && arguments.items.empty()) {
      return Push({.kind = PickleKind::kDict, .text = {}, .items = {}});
    }
    if (function.text == kRebuildTensor) return RebuildTensor(arguments.items);
    if (function.text == kRebuildParameter && !arguments.items.empty() &&
        At(arguments.items[0]).kind == PickleKind::kTensor) {
      return PushAgain(arguments.items[0]);
    }
    return Error(ErrorCode::kUnsupported,
                 "pickle: '" + std::string(function.text) + "' with such arguments is not allowed");
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
    pickle_.tensors.push_back(std::move(tensor));
    return Push({.kind = PickleKind::kTensor,
                 .number = static_cast<int64_t>(pickle_.tensors.size()) - 1,
                 .text = {},
                 .items = {}});
  }

  Status CheckWithin(const PickledTensor& tensor) const {
    const PickledStorage& storage = pickle_.storages[static_cast<size_t>(tensor.storage)];
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
  Status Build() {
    RETURN_IF_ERROR(Discard());
    ASSIGN_OR_RETURN(const PickleId target, Top());
    if (At(target).kind == PickleKind::kDict) return {};
    return Error(ErrorCode::kUnsupported, "pickle: an object with a state of its own is not allowed");
  }

  std::span<const uint8_t> rest_;
  Pickle pickle_;
  std::vector<uint8_t> depths_;  // of every value: how deep containers nested in it when something was put into it
  std::vector<PickleId> stack_;
  std::vector<size_t> marks_;  // heights of the stack
  std::unordered_map<uint64_t, PickleId> memo_;
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

Result<Pickle> ReadPickle(std::span<const uint8_t> bytes) {
  if (bytes.size() > kMostBytes) {
    return Error(ErrorCode::kResourceLimit, "pickle: " + std::to_string(bytes.size()) + " bytes; at most " +
                                                std::to_string(kMostBytes) + " are read");
  }
  return Reader(bytes).Read();
}

}  // namespace lips
