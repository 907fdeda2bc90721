#include "engine/remote/wire.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/sha256.h"
#include "image/mask_bounds.h"

namespace lips::remote {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie");

constexpr std::array<uint8_t, 4> kMagic = {'L', 'P', 'G', 'N'};
constexpr size_t kHexDigits = 64;
constexpr size_t kMaxDims = 8;

template <typename T>
void Put(std::vector<uint8_t>& out, T value) {
  const size_t at = out.size();
  out.resize(at + sizeof(T));  // at -O3, GCC 12 takes the growth inside insert for writing beyond the end
  std::memcpy(out.data() + at, &value, sizeof(T));
}

void PutText(std::vector<uint8_t>& out, std::string_view text) {
  text = text.substr(0, kMaxTextBytes);
  Put(out, static_cast<uint16_t>(text.size()));
  out.insert(out.end(), text.begin(), text.end());
}

void PutPicture(std::vector<uint8_t>& out, ConstImageView image) {
  for (int y = 0; y < image.height; ++y) out.insert(out.end(), image.Row(y), image.Row(y) + ptrdiff_t{3} * image.width);
}

// Takes numbers off the front; what is not there reads as zero and is remembered.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : rest_(bytes) {}

  template <typename T>
  T Take() {
    T value = {};
    if (rest_.size() < sizeof(T)) {
      short_ = true;
      rest_ = {};
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }

  std::string TakeText() {
    const auto size = Take<uint16_t>();
    if (size > kMaxTextBytes || size > rest_.size()) {
      short_ = true;
      return {};
    }
    std::string text(rest_.begin(), rest_.begin() + size);
    rest_ = rest_.subspan(size);
    return text;
  }

  std::span<const uint8_t> rest() const { return rest_; }
  // Whether exactly all was taken.
  Status Done(const char* what) const {
    if (!short_ && rest_.empty()) return {};
    return Error(ErrorCode::kCorrupted, std::string(what) + (short_ ? " is cut short" : " has bytes too many"));
  }

 private:
  std::span<const uint8_t> rest_;
  bool short_ = false;
};

Error WrongSize(const char* what, size_t found, size_t expected) {
  return Error(ErrorCode::kCorrupted,
               std::string(what) + " has " + std::to_string(found) + " bytes; expected " + std::to_string(expected));
}

}  // namespace

std::array<uint8_t, kHeaderBytes> EncodeHeader(Header header) {
  std::array<uint8_t, kHeaderBytes> bytes = {};
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  bytes[4] = static_cast<uint8_t>(header.type);
  const auto size = static_cast<uint32_t>(header.payload_bytes);
  std::memcpy(bytes.data() + 8, &size, sizeof(size));
  return bytes;
}

Result<Header> ParseHeader(std::span<const uint8_t, kHeaderBytes> bytes) {
  const auto type = bytes[4];
  const bool known = std::equal(kMagic.begin(), kMagic.end(), bytes.begin()) &&
                     type >= static_cast<uint8_t>(Type::kHello) && type <= static_cast<uint8_t>(Type::kFailure) &&
                     bytes[5] == 0 && bytes[6] == 0 && bytes[7] == 0;
  if (!known) return Error(ErrorCode::kCorrupted, "what came is no message of a remote generator");
  uint32_t size = 0;
  std::memcpy(&size, bytes.data() + 8, sizeof(size));
  if (size > kMaxPayloadBytes) {
    return Error(ErrorCode::kResourceLimit, "a message of " + std::to_string(size) + " bytes; at most " +
                                                std::to_string(kMaxPayloadBytes) + " are taken");
  }
  return Header{static_cast<Type>(type), size};
}

Rect UsedPart(std::span<const uint8_t> used, int size_px) {
  if (used.size() != static_cast<size_t>(size_px) * static_cast<size_t>(size_px)) return {};
  return MaskBounds(used, size_px);
}

TemplateId IdOf(ConstImageView roi, ConstImageView masked) {
  Sha256 hash;
  for (const ConstImageView& image : {roi, masked}) {
    for (int y = 0; y < image.height; ++y) hash.Add({image.Row(y), 3 * static_cast<size_t>(image.width)});
  }
  const std::string hex = hash.Hex();
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  TemplateId id;
  for (size_t i = 0; i < id.size(); ++i) id[i] = static_cast<uint8_t>(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
  return id;
}

void Encode(const Hello& hello, std::vector<uint8_t>& out) {
  out.clear();
  Put(out, hello.version);
  for (const int value : {hello.wanted.x, hello.wanted.y, hello.wanted.width, hello.wanted.height}) {
    Put(out, static_cast<uint16_t>(value));
  }
  PutText(out, hello.model_sha256);
}

Result<Hello> ParseHello(std::span<const uint8_t> payload) {
  Reader reader(payload);
  Hello hello;
  hello.version = reader.Take<uint16_t>();
  if (payload.size() >= sizeof(uint16_t) && hello.version != kVersion) return hello;
  hello.wanted.x = reader.Take<uint16_t>();
  hello.wanted.y = reader.Take<uint16_t>();
  hello.wanted.width = reader.Take<uint16_t>();
  hello.wanted.height = reader.Take<uint16_t>();
  hello.model_sha256 = reader.TakeText();
  RETURN_IF_ERROR(reader.Done("the greeting"));
  const bool hash = hello.model_sha256.empty() || hello.model_sha256.size() == kHexDigits;
  if (!hash || hello.wanted.right() > kMaxSizePx || hello.wanted.bottom() > kMaxSizePx) {
    return Error(ErrorCode::kCorrupted, "the greeting names no model, or an impossible part of a mouth");
  }
  return hello;
}

void Encode(const Welcome& welcome, std::vector<uint8_t>& out) {
  out.clear();
  Put(out, welcome.version);
  Put(out, static_cast<uint16_t>(welcome.size_px));
  Put(out, static_cast<uint16_t>(welcome.preferred_jobs));
  Put(out, static_cast<uint16_t>(welcome.audio_dims.size()));
  for (const int64_t dim : welcome.audio_dims) Put(out, dim);
  PutText(out, welcome.engine);
}

Result<Welcome> ParseWelcome(std::span<const uint8_t> payload) {
  Reader reader(payload);
  Welcome welcome;
  welcome.version = reader.Take<uint16_t>();
  if (payload.size() >= sizeof(uint16_t) && welcome.version != kVersion) {
    return Error(ErrorCode::kUnsupported, "it speaks version " + std::to_string(welcome.version) +
                                              " of the generator protocol, this program version " +
                                              std::to_string(kVersion));
  }
  welcome.size_px = reader.Take<uint16_t>();
  welcome.preferred_jobs = reader.Take<uint16_t>();
  const auto dims = reader.Take<uint16_t>();
  int64_t floats = 1;
  for (size_t i = 0; i < std::min<size_t>(dims, kMaxDims); ++i) {
    const auto dim = reader.Take<int64_t>();
    if (dim < 1 || dim > kMaxAudioFloats || floats * dim > kMaxAudioFloats) {
      return Error(ErrorCode::kCorrupted, "the welcome claims an impossible size of the audio");
    }
    floats *= dim;
    welcome.audio_dims.push_back(dim);
  }
  welcome.engine = reader.TakeText();
  RETURN_IF_ERROR(reader.Done("the welcome"));
  if (welcome.size_px < 1 || welcome.size_px > kMaxSizePx || welcome.preferred_jobs < 1) {
    return Error(ErrorCode::kCorrupted, "the welcome claims faces of " + std::to_string(welcome.size_px) + " px");
  }
  return welcome;
}

void Encode(const TemplatePictures& pictures, std::vector<uint8_t>& out) {
  out.assign(pictures.id.begin(), pictures.id.end());
  PutPicture(out, pictures.roi);
  PutPicture(out, pictures.masked);
}

Result<TemplatePictures> ParseTemplate(std::span<const uint8_t> payload, int size_px) {
  TemplatePictures pictures;
  const size_t picture_bytes = size_t{3} * static_cast<size_t>(size_px) * static_cast<size_t>(size_px);
  const size_t expected = pictures.id.size() + 2 * picture_bytes;
  if (payload.size() != expected) return WrongSize("a template frame", payload.size(), expected);
  std::copy_n(payload.begin(), pictures.id.size(), pictures.id.begin());
  const uint8_t* roi = payload.data() + pictures.id.size();
  pictures.roi = {roi, size_px, size_px, ptrdiff_t{3} * size_px};
  pictures.masked = {roi + picture_bytes, size_px, size_px, ptrdiff_t{3} * size_px};
  return pictures;
}

void Encode(const GenerateRequest& request, std::vector<uint8_t>& out) {
  EncodeIds(request.ids, out);
  const auto* bytes = reinterpret_cast<const uint8_t*>(request.audio.data());
  out.insert(out.end(), bytes, bytes + request.audio.size() * sizeof(float));
}

Status ParseGenerate(std::span<const uint8_t> payload, int64_t audio_floats, GenerateRequest& out) {
  Reader reader(payload);
  const auto count = reader.Take<uint16_t>();
  if (count < 1 || count > kMaxJobs) {
    return Error(ErrorCode::kCorrupted,
                 "a request for " + std::to_string(count) + " mouths; expected 1.." + std::to_string(kMaxJobs));
  }
  const size_t floats = count * static_cast<size_t>(audio_floats);
  const size_t expected = sizeof(uint16_t) + count * sizeof(TemplateId) + floats * sizeof(float);
  if (payload.size() != expected) return WrongSize("a request for mouths", payload.size(), expected);
  out.ids.clear();
  for (size_t i = 0; i < count; ++i) out.ids.push_back(reader.Take<TemplateId>());
  out.audio.resize(floats);
  std::memcpy(out.audio.data(), reader.rest().data(), floats * sizeof(float));
  return {};
}

void EncodeIds(std::span<const TemplateId> ids, std::vector<uint8_t>& out) {
  out.clear();
  Put(out, static_cast<uint16_t>(ids.size()));
  for (const TemplateId& id : ids) out.insert(out.end(), id.begin(), id.end());
}

Result<std::vector<TemplateId>> ParseIds(std::span<const uint8_t> payload) {
  Reader reader(payload);
  const auto count = reader.Take<uint16_t>();
  const size_t expected = sizeof(uint16_t) + count * sizeof(TemplateId);
  if (payload.size() != expected || count > kMaxJobs) return WrongSize("a list of names", payload.size(), expected);
  std::vector<TemplateId> ids;
  for (size_t i = 0; i < count; ++i) ids.push_back(reader.Take<TemplateId>());
  return ids;
}

void Encode(const Failure& failure, std::vector<uint8_t>& out) {
  out.clear();
  Put(out, static_cast<uint8_t>(failure.code));
  PutText(out, failure.message);
}

Result<Failure> ParseFailure(std::span<const uint8_t> payload) {
  Reader reader(payload);
  Failure failure;
  const auto code = reader.Take<uint8_t>();
  failure.message = reader.TakeText();
  RETURN_IF_ERROR(reader.Done("a failure"));
  if (code > static_cast<uint8_t>(ErrorCode::kCancelled)) {
    return Error(ErrorCode::kCorrupted, "a failure with the unknown code " + std::to_string(code));
  }
  failure.code = static_cast<ErrorCode>(code);
  return failure;
}

}  // namespace lips::remote
