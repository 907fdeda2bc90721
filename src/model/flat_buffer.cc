#include "model/flat_buffer.h"

#include <algorithm>

namespace lips {

bool FlatBuffer::Holds(size_t at, size_t count) const {
  if (at <= bytes_.size() && count <= bytes_.size() - at) return true;
  broken_ = true;
  return false;
}

size_t FlatBuffer::Follow(size_t at) const {
  const size_t target = at + Read<uint32_t>(at);  // cannot overflow: `at` lies in the file
  return Holds(target, sizeof(uint32_t)) ? target : 0;
}

FlatTable FlatBuffer::Root() const { return {*this, Follow(0)}; }

FlatTable FlatTables::operator[](size_t index) const { return {*file_, file_->Follow(first_ + 4 * index)}; }

// A table begins with the distance back to its layout: two sizes, then for every field where it lies, 0 if absent.
size_t FlatTable::Field(int field) const {
  if (at_ == 0) return 0;
  const int64_t layout = static_cast<int64_t>(at_) - file_->Read<int32_t>(at_);
  if (layout < 0 || !file_->Holds(static_cast<size_t>(layout), 4)) {
    file_->broken_ = true;
    return 0;
  }
  const size_t begin = static_cast<size_t>(layout);
  const size_t entry = 4 + 2 * static_cast<size_t>(field);
  if (entry + 2 > file_->Read<uint16_t>(begin)) return 0;
  const auto offset = file_->Read<uint16_t>(begin + entry);
  return offset == 0 ? 0 : at_ + offset;
}

FlatTable FlatTable::Table(int field) const {
  const size_t at = Field(field);
  return at == 0 ? FlatTable() : FlatTable(*file_, file_->Follow(at));
}

std::span<const uint8_t> FlatTable::List(int field, size_t width) const {
  const size_t at = Field(field);
  const size_t list = at == 0 ? 0 : file_->Follow(at);
  if (list == 0) return {};
  const size_t count = file_->Read<uint32_t>(list);  // below 2^32, so the product fits
  if (!file_->Holds(list + 4, count * width)) return {};
  return file_->bytes_.subspan(list + 4, count * width);
}

FlatTables FlatTable::Tables(int field, size_t most) const {
  const auto list = List(field, sizeof(uint32_t));
  if (list.empty()) return {};
  if (list.size() / sizeof(uint32_t) > most) {
    file_->broken_ = true;
    return {};
  }
  return {*file_, static_cast<size_t>(list.data() - file_->bytes_.data()), list.size() / sizeof(uint32_t)};
}

std::vector<int32_t> FlatTable::Ints(int field, size_t most) const {
  const auto list = List(field, sizeof(int32_t));
  std::vector<int32_t> values(list.size() / sizeof(int32_t) > most ? 0 : list.size() / sizeof(int32_t));
  if (values.empty() && !list.empty()) file_->broken_ = true;
  if (!values.empty()) std::memcpy(values.data(), list.data(), list.size());
  return values;
}

std::span<const uint8_t> FlatTable::Bytes(int field) const { return List(field, 1); }

std::string FlatTable::Text(int field, size_t most) const {
  const auto list = List(field, 1);
  const auto shown = list.first(std::min(list.size(), most));
  return {shown.begin(), shown.end()};
}

}  // namespace lips
