// The stack machine that a pickle is a program for, with nothing that it could call: what a global, a call or an object
// means is for who derives from it, and whatever he does not know is refused.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/pickle.h"

namespace lips {

inline constexpr size_t kMostPickleBytes = size_t{16} << 20;

// One thread at a time; runs once. Memory and time in proportion to the bytes, whatever they say.
//
// Errors of Run: kUnsupported naming an opcode that plain data has no need of; kResourceLimit (nesting deeper than 100,
// more than 2^20 values, more than kMostPickleBytes); kCorrupted otherwise; and those of what is called below.
class PickleMachine {
 public:
  virtual ~PickleMachine() = default;

 protected:
  // The value that `bytes` leave on the stack.
  Result<PickleId> Run(std::span<const uint8_t> bytes);
  const PickleValue& At(PickleId id) const { return pickle_.values[id]; }
  Pickle& pickle() { return pickle_; }
  const Pickle& pickle() const { return pickle_; }

  // Pushes what a global stands for, or refuses it by name.
  virtual Status PushGlobal(std::string_view module, std::string_view name) = 0;
  // Pushes what `function`, a global's name, makes of `arguments` (which last until then), or refuses that.
  virtual Status Call(std::string_view function, const std::vector<PickleId>& arguments) = 0;
  // Gives `target` what was pickled as its state; it stays on the stack.
  virtual Status SetState(PickleId target, PickleId state) = 0;
  // Pushes what the pickler kept outside of the pickle under `id`.
  virtual Status PushPersistent(PickleId id) = 0;

  Status Push(PickleValue value);
  Status Push(PickleKind kind, int64_t number) { return Push({kind, number, 0, {}, {}}); }
  // Values are shared, so what is pushed again costs no more than its place on the stack.
  Status PushAgain(PickleId id);
  static Error Damaged(const std::string& what);
  // "'os.system' is not allowed: " and why.
  static Error NotAllowed(std::string_view module, std::string_view name, std::string_view why);

 private:
  Status Step(uint8_t op);
  Status StepPlain(uint8_t op);
  Result<std::span<const uint8_t>> Take(uint64_t count);
  Result<uint64_t> Number(size_t width);
  Result<std::string_view> Text(uint64_t count);
  Result<std::string_view> Line();
  Status Skip(uint64_t count);
  size_t Floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Result<PickleId> Pop();
  Result<PickleId> Top() const;
  Result<std::vector<PickleId>> PopToMark();
  Status OpenMark();
  Status Discard();
  Status DiscardToMark();
  Status Duplicate();
  Status Remember(size_t width);
  Status RememberAs(uint64_t index);
  Status Recall(size_t width);
  Status PushGlobalOfLines();
  Status PushGlobalOfStack();
  Status PushInt(size_t width, bool is_signed);
  Status PushLong(size_t width);
  Status PushFloat();
  Status PushText(PickleKind kind, size_t width);
  Status PushTuple(size_t count);
  Status PushTupleToMark();
  Status Extend(PickleKind kind, std::span<const PickleId> items);
  Status AppendOne();
  Status AppendToMark();
  Status SetOne();
  Status SetToMark();
  Status PopPersistent();
  Status Reduce();
  Status Build();

  std::span<const uint8_t> rest_;
  Pickle pickle_;
  std::vector<uint8_t> depths_;  // of every value: how deep containers nested in it when something was put into it
  std::vector<PickleId> stack_;
  std::vector<size_t> marks_;  // heights of the stack
  std::unordered_map<uint64_t, PickleId> memo_;
};

}  // namespace lips
