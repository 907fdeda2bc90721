#include "base/json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <limits>

namespace lips {
namespace {

constexpr size_t kMaxDepth = 32;

Json FromBoost(const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null: return {};
    case boost::json::kind::bool_: return value.get_bool();
    case boost::json::kind::int64: return value.get_int64();
    case boost::json::kind::uint64: return static_cast<double>(value.get_uint64());                     // above int64
    case boost::json::kind::double_: return std::isnan(value.get_double()) ? 0.0 : value.get_double();  // "0e400"
    case boost::json::kind::string: return std::string(value.get_string());
    case boost::json::kind::array: {
      Json::Array out;
      out.reserve(value.get_array().size());
      for (const auto& element : value.get_array()) out.push_back(FromBoost(element));
      return out;
    }
    case boost::json::kind::object: {
      std::vector<Json::Member> members;
      members.reserve(value.get_object().size());
      for (const auto& member : value.get_object()) {
        members.emplace_back(std::string(member.key()), FromBoost(member.value()));
      }
      return Json::Object(std::move(members));
    }
  }
  return {};
}

std::string Quote(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

std::string FormatDouble(double value) {
  if (!std::isfinite(value)) return "null";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  return std::string(buffer, end);
}

void DumpTo(const Json& json, bool compact, int depth, std::string& out) {
  const auto new_line = [&](int level) {
    if (compact) return;
    out += '\n';
    out.append(2 * static_cast<size_t>(level), ' ');
  };
  if (json.is_null()) {
    out += "null";
  } else if (json.is_bool()) {
    out += json.as_bool() ? "true" : "false";
  } else if (json.is_int()) {
    out += std::to_string(json.as_int());
  } else if (json.is_number()) {
    out += FormatDouble(json.as_double());
  } else if (json.is_string()) {
    out += Quote(json.as_string());
  } else if (json.is_array()) {
    // Arrays of plain values (shapes, rectangles) stay on one line.
    const bool flat = std::ranges::none_of(json.array(), [](const Json& e) { return e.is_array() || e.is_object(); });
    out += '[';
    for (size_t i = 0; i < json.array().size(); ++i) {
      if (i > 0) out += compact || !flat ? "," : ", ";
      if (!flat) new_line(depth + 1);
      DumpTo(json.array()[i], compact, depth + 1, out);
    }
    if (!flat) new_line(depth);
    out += ']';
  } else {
    out += '{';
    bool first = true;
    for (const auto& [key, value] : json.members()) {
      if (!first) out += ',';
      first = false;
      new_line(depth + 1);
      out += Quote(key) + (compact ? ":" : ": ");
      DumpTo(value, compact, depth + 1, out);
    }
    if (!first) new_line(depth);
    out += '}';
  }
}

}  // namespace

Json Json::Object(std::vector<Member> members) {
  Json json;
  json.value_ = Members{std::move(members)};
  return json;
}

bool Json::as_bool() const { return is_bool() && std::get<bool>(value_); }

int64_t Json::as_int() const {
  if (is_int()) return std::get<int64_t>(value_);
  constexpr double kLimit = 9.2e18;  // just inside int64
  const double value = as_double();
  return std::isnan(value) ? 0 : static_cast<int64_t>(std::clamp(value, -kLimit, kLimit));
}

double Json::as_double() const {
  if (is_int()) return static_cast<double>(std::get<int64_t>(value_));
  return is_number() ? std::get<double>(value_) : 0.0;
}

const std::string& Json::as_string() const {
  static const std::string kEmpty;
  return is_string() ? std::get<std::string>(value_) : kEmpty;
}

const Json::Array& Json::array() const {
  static const Array kEmpty;
  return is_array() ? std::get<Array>(value_) : kEmpty;
}

const std::vector<Json::Member>& Json::members() const {
  static const std::vector<Member> kEmpty;
  return is_object() ? std::get<Members>(value_).list : kEmpty;
}

const Json* Json::Find(std::string_view key) const {
  for (const Member& member : members()) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

void Json::Set(std::string_view key, Json value) {
  if (!is_object()) value_ = Members{};
  auto& list = std::get<Members>(value_).list;
  const auto found = std::ranges::find(list, key, &Member::first);
  if (found != list.end()) {
    found->second = std::move(value);
  } else {
    list.emplace_back(std::string(key), std::move(value));
  }
}

void Json::Append(Json value) {
  if (!is_array()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(value));
}

std::string Json::Dump(bool compact) const {
  std::string out;
  DumpTo(*this, compact, 0, out);
  return out;
}

Result<Json> ParseJson(std::string_view text) {
  try {
    boost::json::parse_options options;
    options.max_depth = kMaxDepth;
    boost::json::stream_parser parser({}, options);
    boost::json::error_code error;
    const size_t used = parser.write_some(text.data(), text.size(), error);
    if (!error) parser.finish(error);
    if (!error && text.find_first_not_of(" \t\r\n", used) != std::string_view::npos) {
      error = boost::json::error::extra_data;
    }
    if (error) {
      return Error(ErrorCode::kCorrupted, "not valid JSON at byte " + std::to_string(used) + " of " +
                                              std::to_string(text.size()) + ": " + error.message());
    }
    return FromBoost(parser.release());
  } catch (const std::exception& e) {  // out of memory
    return Error(ErrorCode::kResourceLimit, std::string("JSON: ") + e.what());
  }
}

}  // namespace lips
