// One `key=value` line per state change, on standard error. Never per frame.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace lips {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// One fact of a log line.
struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  LogField(std::string_view k, double v);
  LogField(std::string_view k, int v) : key(k), value(std::to_string(v)) {}
  LogField(std::string_view k, int64_t v) : key(k), value(std::to_string(v)) {}
  LogField(std::string_view k, size_t v) : key(k), value(std::to_string(v)) {}
  std::string key;
  std::string value;
};

// Log(LogLevel::kInfo, "model open", {{"engine", "ort"}, {"ms", 812}});  Thread-safe.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

// Lines below `level` are dropped. Default: kWarning, or LIPSTREAM_LOG=debug|info|warning|error|off.
void SetLogLevel(LogLevel level);

}  // namespace lips
