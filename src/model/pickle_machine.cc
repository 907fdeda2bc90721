#include "model/pickle_machine.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "model/name.h"

// Source: CPython's pickletools.py (opcodes).
namespace lips {
namespace {

constexpr size_t kMostValues = size_t{1} << 20;
constexpr size_t kMostDepth = 100;

Error TooDeep() { return {ErrorCode::kResourceLimit, "pickle: nested deeper than " + std::to_string(kMostDepth)}; }

Error TooMany() { return {ErrorCode::kResourceLimit, "pickle: more than " + std::to_string(kMostValues) + " values"}; }

template <typename T>
Status StatusOf(const Result<T>& result) {
  return result.ok() ? Status() : Status(result.error());
}

}  // namespace

Error PickleMachine::Damaged(const std::string& what) { return {ErrorCode::kCorrupted, "pickle: " + what}; }

Error PickleMachine::NotAllowed(std::string_view module, std::string_view name, std::string_view why) {
  return {ErrorCode::kUnsupported, "pickle: " + QuoteName(std::string(module) + "." + std::string(name)) +
                                       " is not allowed: " + std::string(why)};
}

Result<PickleId> PickleMachine::Run(std::span<const uint8_t> bytes) {
  if (bytes.size() > kMostPickleBytes) {
    return Error(ErrorCode::kResourceLimit, "pickle: " + std::to_string(bytes.size()) + " bytes; at most " +
                                                std::to_string(kMostPickleBytes) + " are read");
  }
  rest_ = bytes;
  for (;;) {
    ASSIGN_OR_RETURN(const uint64_t op, Number(1));
    if (op == '.') break;
    RETURN_IF_ERROR(Step(static_cast<uint8_t>(op)));
  }
  return Pop();
}

Status PickleMachine::Step(uint8_t op) {
  switch (op) {
    case 0x80: return Skip(1);                   // PROTO
    case 0x95: return Skip(8);                   // FRAME
    case '(': return OpenMark();                 // MARK
    case '0': return Discard();                  // POP
    case '1': return DiscardToMark();            // POP_MARK
    case '2': return Duplicate();                // DUP
    case 'q': return Remember(1);                // BINPUT
    case 'r': return Remember(4);                // LONG_BINPUT
    case 0x94: return RememberAs(memo_.size());  // MEMOIZE
    case 'h': return Recall(1);                  // BINGET
    case 'j': return Recall(4);                  // LONG_BINGET
    case 'c': return PushGlobalOfLines();        // GLOBAL
    case 0x93: return PushGlobalOfStack();       // STACK_GLOBAL
    case 'i': return PushGlobalOfLines();        // INST: refused by name, since no class is allowed
    case 'Q': return PopPersistent();            // BINPERSID
    case 'R': return Reduce();                   // REDUCE
    case 'b': return Build();                    // BUILD
    case 't': return PushTupleToMark();          // TUPLE
    case 'a': return AppendOne();                // APPEND
    case 'e': return AppendToMark();             // APPENDS
    case 's': return SetOne();                   // SETITEM
    case 'u': return SetToMark();                // SETITEMS
    default: return StepPlain(op);
  }
}

// Opcodes that only push a value.
Status PickleMachine::StepPlain(uint8_t op) {
  switch (op) {
    case 'N': return Push(PickleKind::kNone, 0);        // NONE
    case 0x88: return Push(PickleKind::kBool, 1);       // NEWTRUE
    case 0x89: return Push(PickleKind::kBool, 0);       // NEWFALSE
    case '}': return Push(PickleKind::kDict, 0);        // EMPTY_DICT
    case ']': return Push(PickleKind::kList, 0);        // EMPTY_LIST
    case ')': return PushTuple(0);                      // EMPTY_TUPLE
    case 0x85: return PushTuple(1);                     // TUPLE1
    case 0x86: return PushTuple(2);                     // TUPLE2
    case 0x87: return PushTuple(3);                     // TUPLE3
    case 'K': return PushInt(1, false);                 // BININT1
    case 'M': return PushInt(2, false);                 // BININT2
    case 'J': return PushInt(4, true);                  // BININT
    case 0x8A: return PushLong(1);                      // LONG1
    case 0x8B: return PushLong(4);                      // LONG4
    case 'G': return PushFloat();                       // BINFLOAT
    case 0x8C: return PushText(PickleKind::kText, 1);   // SHORT_BINUNICODE
    case 'X': return PushText(PickleKind::kText, 4);    // BINUNICODE
    case 0x8D: return PushText(PickleKind::kText, 8);   // BINUNICODE8
    case 'U': return PushText(PickleKind::kText, 1);    // SHORT_BINSTRING
    case 'T': return PushText(PickleKind::kText, 4);    // BINSTRING
    case 'C': return PushText(PickleKind::kBytes, 1);   // SHORT_BINBYTES
    case 'B': return PushText(PickleKind::kBytes, 4);   // BINBYTES
    case 0x8E: return PushText(PickleKind::kBytes, 8);  // BINBYTES8
    case 0x96: return PushText(PickleKind::kBytes, 8);  // BYTEARRAY8
    default: break;
  }
  return Error(ErrorCode::kUnsupported, "pickle: opcode " + std::to_string(op) +
                                            (op > 32 && op < 127 ? std::string(" '") + char(op) + "'" : "") +
                                            " is not allowed: tensors and numbers need none like it");
}

Result<std::span<const uint8_t>> PickleMachine::Take(uint64_t count) {
  if (count > rest_.size()) return Damaged("it ends too early");
  const auto taken = rest_.first(static_cast<size_t>(count));
  rest_ = rest_.subspan(static_cast<size_t>(count));
  return taken;
}

Result<uint64_t> PickleMachine::Number(size_t width) {
  ASSIGN_OR_RETURN(const auto bytes, Take(width));
  uint64_t value = 0;
  for (size_t k = width; k-- > 0;) value = value << 8 | bytes[k];
  return value;
}

Result<std::string_view> PickleMachine::Text(uint64_t count) {
  ASSIGN_OR_RETURN(const auto bytes, Take(count));
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<std::string_view> PickleMachine::Line() {
  const auto end = std::ranges::find(rest_, uint8_t{'\n'});
  if (end == rest_.end()) return Damaged("it ends within a line");
  ASSIGN_OR_RETURN(const std::string_view line, Text(static_cast<uint64_t>(end - rest_.begin())));
  rest_ = rest_.subspan(1);
  return line;
}

Status PickleMachine::Skip(uint64_t count) { return StatusOf(Take(count)); }

Result<PickleId> PickleMachine::Pop() {
  if (stack_.size() <= Floor()) return Damaged("it takes a value where there is none");
  const PickleId id = stack_.back();
  stack_.pop_back();
  return id;
}

Result<PickleId> PickleMachine::Top() const {
  if (stack_.size() <= Floor()) return Damaged("it uses a value where there is none");
  return stack_.back();
}

// What was pushed since the last mark, which goes.
Result<std::vector<PickleId>> PickleMachine::PopToMark() {
  if (marks_.empty()) return Damaged("it closes a mark that it has not set");
  const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<PickleId> items(first, stack_.end());
  stack_.erase(first, stack_.end());
  marks_.pop_back();
  return items;
}

Status PickleMachine::Push(PickleValue value) {
  if (pickle_.values.size() >= kMostValues) return TooMany();
  size_t depth = 0;
  for (const PickleId item : value.items) depth = std::max(depth, depths_[item] + size_t{1});
  if (depth > kMostDepth) return TooDeep();
  depths_.push_back(static_cast<uint8_t>(depth));
  stack_.push_back(static_cast<PickleId>(pickle_.values.size()));
  pickle_.values.push_back(std::move(value));
  return {};
}

Status PickleMachine::PushAgain(PickleId id) {
  stack_.push_back(id);
  return {};
}

Status PickleMachine::OpenMark() {
  if (marks_.size() >= kMostDepth) return TooDeep();
  marks_.push_back(stack_.size());
  return {};
}

Status PickleMachine::Discard() { return StatusOf(Pop()); }

Status PickleMachine::DiscardToMark() { return StatusOf(PopToMark()); }

Status PickleMachine::Duplicate() {
  ASSIGN_OR_RETURN(const PickleId id, Top());
  return PushAgain(id);
}

Status PickleMachine::Remember(size_t width) {
  ASSIGN_OR_RETURN(const uint64_t index, Number(width));
  return RememberAs(index);
}

Status PickleMachine::RememberAs(uint64_t index) {
  if (memo_.size() >= kMostValues) return TooMany();
  ASSIGN_OR_RETURN(memo_[index], Top());
  return {};
}

Status PickleMachine::Recall(size_t width) {
  ASSIGN_OR_RETURN(const uint64_t index, Number(width));
  const auto found = memo_.find(index);
  if (found == memo_.end()) return Damaged("it recalls entry " + std::to_string(index) + ", which it never stored");
  return PushAgain(found->second);
}

Status PickleMachine::PushGlobalOfLines() {
  ASSIGN_OR_RETURN(const std::string_view module, Line());
  ASSIGN_OR_RETURN(const std::string_view name, Line());
  return PushGlobal(module, name);
}

Status PickleMachine::PushGlobalOfStack() {
  ASSIGN_OR_RETURN(const PickleId name, Pop());
  ASSIGN_OR_RETURN(const PickleId module, Pop());
  if (At(name).kind != PickleKind::kText || At(module).kind != PickleKind::kText) {
    return Damaged("a global's name is no text");
  }
  return PushGlobal(At(module).text, At(name).text);
}

Status PickleMachine::PushInt(size_t width, bool is_signed) {
  ASSIGN_OR_RETURN(const uint64_t bits, Number(width));
  return Push(PickleKind::kInt, is_signed ? int64_t{static_cast<int32_t>(bits)} : static_cast<int64_t>(bits));
}

Status PickleMachine::PushLong(size_t width) {
  ASSIGN_OR_RETURN(const uint64_t count, Number(width));
  if (count > 8) {
    return Error(ErrorCode::kUnsupported,
                 "pickle: a number of " + std::to_string(count) + " bytes; at most 8 are read");
  }
  ASSIGN_OR_RETURN(const uint64_t bits, Number(static_cast<size_t>(count)));
  const bool negative = count > 0 && count < 8 && ((bits >> (8 * count - 1)) & 1) != 0;
  const uint64_t above = negative ? ~uint64_t{0} << (8 * count) : 0;
  return Push(PickleKind::kInt, static_cast<int64_t>(bits | above));
}

Status PickleMachine::PushFloat() {
  ASSIGN_OR_RETURN(const auto bytes, Take(8));
  uint64_t bits = 0;
  for (const uint8_t byte : bytes)
    bits = bits << 8 | byte;  // the one number of a pickle whose first byte is its highest
  return Push({PickleKind::kFloat, 0, std::bit_cast<double>(bits), {}, {}});
}

Status PickleMachine::PushText(PickleKind kind, size_t width) {
  ASSIGN_OR_RETURN(const uint64_t count, Number(width));
  ASSIGN_OR_RETURN(const std::string_view text, Text(count));
  return Push({kind, 0, 0, text, {}});
}

Status PickleMachine::PushTuple(size_t count) {
  if (stack_.size() - Floor() < count) return Damaged("a tuple takes values where there are none");
  const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
  std::vector<PickleId> items(first, stack_.end());
  stack_.erase(first, stack_.end());
  return Push({PickleKind::kTuple, 0, 0, {}, std::move(items)});
}

Status PickleMachine::PushTupleToMark() {
  ASSIGN_OR_RETURN(auto items, PopToMark());
  return Push({PickleKind::kTuple, 0, 0, {}, std::move(items)});
}

// Puts `items` into the list or dict on top of the stack.
Status PickleMachine::Extend(PickleKind kind, std::span<const PickleId> items) {
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

Status PickleMachine::AppendOne() {
  ASSIGN_OR_RETURN(const PickleId item, Pop());
  return Extend(PickleKind::kList, {&item, 1});
}

Status PickleMachine::AppendToMark() {
  ASSIGN_OR_RETURN(const auto items, PopToMark());
  return Extend(PickleKind::kList, items);
}

Status PickleMachine::SetOne() {
  ASSIGN_OR_RETURN(const PickleId value, Pop());
  ASSIGN_OR_RETURN(const PickleId key, Pop());
  const std::array<PickleId, 2> pair = {key, value};
  return Extend(PickleKind::kDict, pair);
}

Status PickleMachine::SetToMark() {
  ASSIGN_OR_RETURN(const auto items, PopToMark());
  return Extend(PickleKind::kDict, items);
}

Status PickleMachine::PopPersistent() {
  ASSIGN_OR_RETURN(const PickleId id, Pop());
  return PushPersistent(id);
}

Status PickleMachine::Reduce() {
  ASSIGN_OR_RETURN(const PickleId arguments, Pop());
  ASSIGN_OR_RETURN(const PickleId function, Pop());
  if (At(function).kind != PickleKind::kGlobal || At(arguments).kind != PickleKind::kTuple) {
    return Damaged("it calls what is no function");
  }
  return Call(At(function).text, At(arguments).items);
}

Status PickleMachine::Build() {
  ASSIGN_OR_RETURN(const PickleId state, Pop());
  ASSIGN_OR_RETURN(const PickleId target, Top());
  return SetState(target, state);
}

}  // namespace lips
