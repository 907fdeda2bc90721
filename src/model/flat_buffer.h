// Reads tables of a FlatBuffers file without trusting a single offset in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace lips {

class FlatTable;

// A file's bytes, and whether anything in them has pointed outside. Reading never fails by itself: what cannot be read
// is as if it were absent, and broken() tells afterwards. Outlives the tables read from it. One thread at a time.
class FlatBuffer {
 public:
  explicit FlatBuffer(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  FlatTable Root() const;
  bool broken() const { return broken_; }  // an offset or a count led outside the file, or a list was too long

 private:
  friend class FlatTable;
  friend class FlatTables;
  bool Holds(size_t at, size_t count) const;  // false also makes this broken
  template <typename T>
  T Read(size_t at) const {
    T value{};
    if (Holds(at, sizeof(T))) std::memcpy(&value, bytes_.data() + at, sizeof(T));
    return value;
  }
  // Where the offset at `at` points; 0 when that is outside.
  size_t Follow(size_t at) const;

  std::span<const uint8_t> bytes_;
  mutable bool broken_ = false;
};

// A list of tables.
class FlatTables {
 public:
  FlatTables() = default;
  size_t size() const { return count_; }
  FlatTable operator[](size_t index) const;  // index < size()

 private:
  friend class FlatTable;
  FlatTables(const FlatBuffer& file, size_t first, size_t count) : file_(&file), first_(first), count_(count) {}
  const FlatBuffer* file_ = nullptr;
  size_t first_ = 0;
  size_t count_ = 0;
};

// One table; fields go by their number in the schema. A table that is not there has no fields.
class FlatTable {
 public:
  FlatTable() = default;
  bool present() const { return at_ != 0; }

  bool Has(int field) const { return Field(field) != 0; }
  template <typename T>
  T Number(int field, T otherwise = {}) const {
    const size_t at = Field(field);
    return at == 0 ? otherwise : file_->Read<T>(at);
  }
  FlatTable Table(int field) const;
  FlatTables Tables(int field, size_t most) const;          // none when there are more than `most`
  std::vector<int32_t> Ints(int field, size_t most) const;  // likewise
  std::span<const uint8_t> Bytes(int field) const;          // of the file
  std::string Text(int field, size_t most) const;           // cut off after `most` bytes

 private:
  friend class FlatBuffer;
  friend class FlatTables;
  FlatTable(const FlatBuffer& file, size_t at) : file_(&file), at_(at) {}
  size_t Field(int field) const;  // 0: absent
  // First element and count of a list whose elements have `width` bytes; nothing when it leaves the file.
  std::span<const uint8_t> List(int field, size_t width) const;

  const FlatBuffer* file_ = nullptr;
  size_t at_ = 0;
};

}  // namespace lips
