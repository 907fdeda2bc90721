// What a server is told at its start: by flags, by one JSON file, or by both.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "composite/jaw_mask.h"
#include "live/settings.h"

namespace lips {

inline constexpr char kRoleLive[] = "live";
inline constexpr char kRoleGenerator[] = "generator";

// Empty text and 0 mean what the help of each key says.
struct ServeSettings {
  std::string role = kRoleLive;
  std::vector<std::string> avatars;
  std::string bind = "127.0.0.1";
  int port = 8080;
  int admin_port = 0;
  std::string tls_cert, tls_key;
  std::string token_key, api_key;
  bool long_tokens = false;
  std::vector<std::string> allow_origin;
  bool insecure = false;
  std::string web, samples;

  std::string engine = "auto", provider = "cpu", precision = "auto";
  int threads = 0;
  bool no_proof = false;
  std::string cache_memory;
  std::string composite = "natural";
  std::string label, label_position = "auto", label_font;

  int sessions = 1000;
  bool admit_all = false;
  std::string rest = "auto";
  double feather = kUsualFeather;
  double headroom = 0.85;
  double duty = 1;
  int connect_rate = 10;
  int key_sessions = 0;
  int idle_seconds = 60;
  int session_minutes = 60;
  int resume_seconds = 30;
  int drain_seconds = 20;

  SessionLimits Limits() const;
};

// One setting: its flag is --NAME with '-' for '_', its key in the file is NAME.
struct SettingKey {
  using Member = std::variant<std::string ServeSettings::*, int ServeSettings::*, bool ServeSettings::*,
                              double ServeSettings::*, std::vector<std::string> ServeSettings::*>;
  const char* name;
  Member member;
  const char* help;
  double least = 0, most = 0;  // of numbers
};
const std::vector<SettingKey>& SettingKeys();

// Applies a JSON object of settings. Errors: kInvalidInput naming the key and what it should be; an unknown key names
// the nearest known one.
Status ApplyConfig(std::string_view json, ServeSettings& settings);
Status ApplyConfigFile(const Path& path, ServeSettings& settings);

// What of the whole does not fit together: half of a TLS pair; an address others can reach without a token and TLS,
// unless `insecure` says so; what a generator does not do. Errors: kInvalidInput saying what to add.
Status CheckServeSettings(const ServeSettings& settings);

}  // namespace lips
