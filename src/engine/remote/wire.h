// What a remote generator and its clients say to each other: framed messages, version 1.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/view.h"
#include "model/graph.h"

namespace lips::remote {

// Numbers are little endian. A message is a header of 12 bytes (magic "LPGN", type, three zeros, payload bytes) and its
// payload. A client says kHello and is welcomed or told a failure; then each of its messages has one answer, in order.
inline constexpr uint16_t kVersion = 1;
inline constexpr size_t kHeaderBytes = 12;
inline constexpr size_t kMaxPayloadBytes = size_t{32} << 20;
inline constexpr int kMaxSizePx = 1024;
inline constexpr int64_t kMaxAudioFloats = int64_t{1} << 18;
inline constexpr size_t kMaxJobs = 64;  // in one kGenerate
inline constexpr size_t kMaxTextBytes = 2048;

enum class Type : uint8_t {
  kHello = 1,     // client: version, model, the part of a mouth it wants
  kWelcome = 2,   // server: its network's shape
  kTemplate = 3,  // client: the pictures of one template frame, under a name made of their content
  kKept = 4,      // server: they are prepared
  kGenerate = 5,  // client: names and audio windows
  kMouths = 6,    // server: a picture for each
  kMissing = 7,   // server: names it has no pictures of (any more); send them and ask again
  kFailure = 8,   // server: an error code and its sentence
};

struct Header {
  Type type = Type::kHello;
  size_t payload_bytes = 0;
};
std::array<uint8_t, kHeaderBytes> EncodeHeader(Header header);
// Errors: kCorrupted (no such message: another program, or a broken stream), kResourceLimit (a payload too large).
Result<Header> ParseHeader(std::span<const uint8_t, kHeaderBytes> bytes);

// The smallest rectangle around GeneratorOptions::used of a mouth [size_px, size_px]; empty when all of it is used.
Rect UsedPart(std::span<const uint8_t> used, int size_px);

// Of a template frame's two pictures.
using TemplateId = std::array<uint8_t, 16>;
TemplateId IdOf(ConstImageView roi, ConstImageView masked);

struct Hello {
  uint16_t version = kVersion;
  std::string model_sha256;  // hexadecimal; empty: any
  Rect wanted;               // of a mouth; empty: all of it
};
struct Welcome {
  uint16_t version = kVersion;
  int size_px = 0;
  Dims audio_dims;
  int preferred_jobs = 1;
  std::string engine;
};
struct TemplatePictures {
  TemplateId id = {};
  ConstImageView roi;  // of a parsed one: in the payload
  ConstImageView masked;
};
struct GenerateRequest {
  std::vector<TemplateId> ids;
  std::vector<float> audio;  // [ids, audio_floats]
};
struct Failure {
  ErrorCode code = ErrorCode::kIo;
  std::string message;
};

// Payloads. `out` is replaced.
void Encode(const Hello& hello, std::vector<uint8_t>& out);
void Encode(const Welcome& welcome, std::vector<uint8_t>& out);
void Encode(const TemplatePictures& pictures, std::vector<uint8_t>& out);
void Encode(const GenerateRequest& request, std::vector<uint8_t>& out);
void Encode(const Failure& failure, std::vector<uint8_t>& out);
void EncodeIds(std::span<const TemplateId> ids, std::vector<uint8_t>& out);  // kMissing, kKept

// Errors: kCorrupted (a size that does not fit, a number outside its range). A Hello of another version is parsed as
// far as its version.
Result<Hello> ParseHello(std::span<const uint8_t> payload);
Result<Welcome> ParseWelcome(std::span<const uint8_t> payload);
Result<TemplatePictures> ParseTemplate(std::span<const uint8_t> payload, int size_px);
Status ParseGenerate(std::span<const uint8_t> payload, int64_t audio_floats, GenerateRequest& out);
Result<std::vector<TemplateId>> ParseIds(std::span<const uint8_t> payload);
Result<Failure> ParseFailure(std::span<const uint8_t> payload);

}  // namespace lips::remote
