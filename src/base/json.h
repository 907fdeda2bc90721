// JSON values: read files and messages from outside, write reports.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace lips {

// A JSON value that owns its contents. Objects keep the order in which members were added.
//
//   Json report = Json::Object({{"fps", 25.0}, {"frames", 1121}});
//   report.Set("hashes", Json::Object({{"model", hash}}));
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;

  Json() = default;  // null
  // NOLINTBEGIN(google-explicit-constructor): a JSON literal should read like one
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(int64_t{value}) {}
  Json(int64_t value) : value_(value) {}
  Json(size_t value) : value_(static_cast<int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  // NOLINTEND(google-explicit-constructor)
  static Json Object(std::vector<Member> members = {});

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<int64_t>(value_); }
  bool is_number() const { return is_int() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Members>(value_); }

  // The contents, or an empty/zero value when the type is another; ask is_...() first where it matters.
  bool as_bool() const;
  int64_t as_int() const;  // of a double: truncated, clamped to the range
  double as_double() const;
  const std::string& as_string() const;
  const Array& array() const;
  const std::vector<Member>& members() const;

  // The member called `key`, or nullptr when this is no object or has none.
  const Json* Find(std::string_view key) const;
  // Adds or replaces a member; a null becomes an object first.
  void Set(std::string_view key, Json value);
  // Adds an element; a null becomes an array first.
  void Append(Json value);

  // Two-space indentation unless `compact`. Doubles round-trip; NaN and infinities become null.
  std::string Dump(bool compact = false) const;

 private:
  struct Members {
    std::vector<Member> list;
  };
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Members> value_;
};

// `text` is one complete JSON document. Errors: kCorrupted with the byte position; nesting deeper than
// 32 is refused.
Result<Json> ParseJson(std::string_view text);

}  // namespace lips
