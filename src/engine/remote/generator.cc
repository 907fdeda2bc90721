#include "engine/remote/generator.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "engine/remote/connection.h"
#include "engine/remote/wire.h"
#include "image/image.h"

namespace lips::remote {
namespace {

using Clock = std::chrono::steady_clock;

// The service has made room between the upload and its use; a second time is chance, a third says it is too small.
constexpr int kMaxUploads = 3;

struct Face : Generator::Template {
  TemplateId id = {};
  Image roi, masked;
  size_t bytes() const override {
    return 6 * static_cast<size_t>(roi.width()) * static_cast<size_t>(roi.height()) + sizeof(Face);
  }
};

// Worth another try with a new connection: the wire, not the request, was at fault.
bool IsLoss(const Error& error) {
  return error.code() == ErrorCode::kIo || error.code() == ErrorCode::kEndOfStream ||
         error.code() == ErrorCode::kCorrupted;
}

class RemoteGenerator : public Generator {
 public:
  RemoteGenerator(ClientOptions options, Address address)
      : options_(std::move(options)), address_(std::move(address)) {}
  ~RemoteGenerator() override = default;

  Status Open() {
    const std::scoped_lock lock(mutex_);
    const int side = static_cast<int>(std::sqrt(static_cast<double>(options_.used.size())));
    wanted_ = UsedPart(options_.used, side);
    Status status = Connect();
    if (!status.ok()) return std::move(status).TakeError().Within("remote generator");
    shape_ = welcome_;
    if (side == 0 || side == shape_.size_px) return {};
    return Error(ErrorCode::kInvalidInput, Where() + " works on faces of " + std::to_string(shape_.size_px) +
                                               " px, but the avatar's pictures are " + std::to_string(side) + " px");
  }

  int size_px() const override { return shape_.size_px; }
  Dims audio_dims() const override { return shape_.audio_dims; }
  int64_t audio_floats() const override {
    int64_t floats = 1;
    for (const int64_t dim : shape_.audio_dims) floats *= dim;
    return floats;
  }
  std::string Describe() const override { return "remote " + options_.address + ": " + shape_.engine; }
  int preferred_jobs() const override { return std::min<int>(shape_.preferred_jobs, kMaxJobs); }

  Result<std::unique_ptr<Template>> Prepare(ConstImageView roi, ConstImageView masked,
                                            std::unique_ptr<Template> reuse) override {
    for (const ConstImageView& view : {roi, masked}) {
      if (view.width == size_px() && view.height == size_px()) continue;
      return Error(ErrorCode::kInvalidInput, "face of " + std::to_string(view.width) + "x" +
                                                 std::to_string(view.height) + ", expected " +
                                                 std::to_string(size_px()) + " px");
    }
    auto* recycled = dynamic_cast<Face*>(reuse.get());
    auto face = recycled != nullptr ? std::unique_ptr<Face>(recycled) : std::make_unique<Face>();
    if (recycled != nullptr) static_cast<void>(reuse.release());
    face->roi.Resize(roi.width, roi.height);
    face->masked.Resize(masked.width, masked.height);
    CopyPixels(roi, face->roi.view());
    CopyPixels(masked, face->masked.view());
    face->id = IdOf(roi, masked);
    const std::scoped_lock lock(mutex_);
    Status status = Upload(*face);
    if (!status.ok()) return std::move(status).TakeError().Within(Where());
    return std::unique_ptr<Template>(std::move(face));
  }

  Status Generate(std::span<const Job> jobs) override {
    const std::scoped_lock lock(mutex_);
    for (size_t begin = 0; begin < jobs.size(); begin += kMaxJobs) {
      Status status = GenerateSome(jobs.subspan(begin, std::min(kMaxJobs, jobs.size() - begin)), begin);
      if (!status.ok()) return std::move(status).TakeError().Within(Where());
    }
    return {};
  }

 private:
  std::string Where() const { return "remote generator " + options_.address; }

  // All of these with mutex_ held.
  Status Connect();
  Status Exchange(Type type, std::span<const uint8_t> payload, Type& answer);
  Status Upload(const Face& face);
  Status GenerateSome(std::span<const Job> jobs, size_t first);
  Status TakeMouths(std::span<const Job> jobs);
  Status UploadMissing(std::span<const Job> jobs);

  const ClientOptions options_;
  const Address address_;
  Welcome shape_;  // as it was when opened
  Rect wanted_;

  std::mutex mutex_;
  std::condition_variable pause_;  // nobody notifies: it only waits
  // Guarded by mutex_:
  Connection connection_;
  Welcome welcome_;
  GenerateRequest request_;
  std::vector<uint8_t> payload_, answer_;
};

Status RemoteGenerator::Connect() {
  ASSIGN_OR_RETURN(connection_, Connection::Connect(address_, options_.connect_ms));
  Hello hello;
  hello.model_sha256 = options_.model_sha256;
  hello.wanted = wanted_;
  std::vector<uint8_t> greeting;
  Encode(hello, greeting);
  Status status = connection_.Send(Type::kHello, greeting, options_.answer_ms);
  // A service that takes no more clients says so and closes without reading, so its word may be here although the
  // greeting did not get through.
  const Result<Type> answer = connection_.Receive(answer_, options_.answer_ms, options_.answer_ms);
  if (answer.ok()) {
    status = {};
  } else if (status.ok()) {
    status = answer.error();
  }
  if (status.ok() && answer.value() == Type::kFailure) {
    auto failure = ParseFailure(answer_);
    status = failure.ok() ? Error(failure.value().code, failure.value().message) : failure.error();
  } else if (status.ok() && answer.value() != Type::kWelcome) {
    status = Error(ErrorCode::kCorrupted, "it answers the greeting by something else");
  } else if (status.ok()) {
    auto welcome = ParseWelcome(answer_);
    if (welcome.ok()) {
      welcome_ = std::move(welcome).value();
    } else {
      status = welcome.error();
    }
  }
  if (status.ok() && shape_.size_px != 0 &&
      (welcome_.size_px != shape_.size_px || welcome_.audio_dims != shape_.audio_dims)) {
    status = Error(ErrorCode::kInvalidInput, "another network than before answers");
  }
  if (status.ok()) return {};
  connection_.Close();
  return std::move(status).TakeError().Within(options_.address);
}

// One message and its answer, over a new connection where the old one fails.
Status RemoteGenerator::Exchange(Type type, std::span<const uint8_t> payload, Type& answer) {
  const auto give_up = Clock::now() + std::chrono::milliseconds(options_.retry_ms);
  auto pause = std::chrono::milliseconds(0);
  std::unique_lock<std::mutex> held(mutex_, std::adopt_lock);
  Status status;
  for (bool first = true;; first = false) {
    status = connection_.is_open() ? Status() : Connect();
    if (status.ok()) status = connection_.Send(type, payload, options_.answer_ms);
    if (status.ok()) {
      auto received = connection_.Receive(answer_, options_.answer_ms, options_.answer_ms);
      if (received.ok()) {
        answer = received.value();
        break;
      }
      status = received.error();
    }
    connection_.Close();
    if (!IsLoss(status.error())) break;
    if (first) Log(LogLevel::kWarning, "remote generator lost", {{"why", status.error().message()}});
    if (Clock::now() + pause >= give_up) {
      status = Error(ErrorCode::kIo, "lost, and not found again in " + std::to_string(options_.retry_ms) +
                                         " ms: " + status.error().message());
      break;
    }
    // The lock is let go for a moment, but who else wants it would meet the same trouble.
    if (pause.count() > 0) pause_.wait_for(held, pause, [] { return false; });
    pause = std::clamp(2 * pause, std::chrono::milliseconds(20), std::chrono::milliseconds(1000));
  }
  static_cast<void>(held.release());
  if (!status.ok() || answer != Type::kFailure) return status;
  ASSIGN_OR_RETURN(Failure failure, ParseFailure(answer_));
  return Error(failure.code, std::move(failure.message));
}

Status RemoteGenerator::Upload(const Face& face) {
  std::vector<uint8_t> pictures;
  Encode(TemplatePictures{face.id, face.roi.view(), face.masked.view()}, pictures);
  Type answer = Type::kKept;
  RETURN_IF_ERROR(Exchange(Type::kTemplate, pictures, answer));
  if (answer == Type::kKept) return {};
  return Error(ErrorCode::kCorrupted, "it answers a template frame by something else");
}

Status RemoteGenerator::GenerateSome(std::span<const Job> jobs, size_t first) {
  request_.ids.clear();
  request_.audio.clear();
  for (size_t i = 0; i < jobs.size(); ++i) {
    const auto* face = dynamic_cast<const Face*>(jobs[i].face);
    const bool fits = face != nullptr && static_cast<int64_t>(jobs[i].audio.size()) == audio_floats() &&
                      jobs[i].mouth.width == size_px() && jobs[i].mouth.height == size_px();
    if (!fits) {
      return Error(ErrorCode::kInvalidInput, "job " + std::to_string(first + i) +
                                                 " has no template of this generator, or audio or mouth of " +
                                                 "another size");
    }
    request_.ids.push_back(face->id);
    request_.audio.insert(request_.audio.end(), jobs[i].audio.begin(), jobs[i].audio.end());
  }
  for (int round = 0; round <= kMaxUploads; ++round) {
    Encode(request_, payload_);
    Type answer = Type::kMouths;
    RETURN_IF_ERROR(Exchange(Type::kGenerate, payload_, answer));
    if (answer == Type::kMouths) return TakeMouths(jobs);
    if (answer != Type::kMissing) return Error(ErrorCode::kCorrupted, "it answers a request by something else");
    RETURN_IF_ERROR(UploadMissing(jobs));
  }
  return Error(ErrorCode::kResourceLimit, "it cannot hold the " + std::to_string(jobs.size()) +
                                              " template frames of one request: give it more memory for them");
}

Status RemoteGenerator::TakeMouths(std::span<const Job> jobs) {
  const Rect part = wanted_.width > 0 ? wanted_ : Rect{0, 0, size_px(), size_px()};
  const size_t row_bytes = 3 * static_cast<size_t>(part.width);
  const size_t mouth_bytes = row_bytes * static_cast<size_t>(part.height);
  if (answer_.size() != jobs.size() * mouth_bytes) {
    return Error(ErrorCode::kCorrupted, "mouths of " + std::to_string(answer_.size()) + " bytes; expected " +
                                            std::to_string(jobs.size() * mouth_bytes));
  }
  const uint8_t* from = answer_.data();
  for (const Job& job : jobs) {
    const ImageView to = job.mouth.Crop(part);
    for (int y = 0; y < part.height; ++y, from += row_bytes) std::memcpy(to.Row(y), from, row_bytes);
  }
  return {};
}

Status RemoteGenerator::UploadMissing(std::span<const Job> jobs) {
  ASSIGN_OR_RETURN(const std::vector<TemplateId> missing, ParseIds(answer_));
  if (missing.empty()) return Error(ErrorCode::kCorrupted, "it misses nothing and answers nothing");
  for (const TemplateId& id : missing) {
    const auto job =
        std::ranges::find_if(jobs, [&](const Job& j) { return dynamic_cast<const Face&>(*j.face).id == id; });
    if (job == jobs.end()) return Error(ErrorCode::kCorrupted, "it misses a template frame it was not asked for");
    RETURN_IF_ERROR(Upload(dynamic_cast<const Face&>(*job->face)));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Generator>> OpenRemoteGenerator(ClientOptions options) {
  ASSIGN_OR_RETURN(Address address, ParseAddress(options.address));
  auto generator = std::make_unique<RemoteGenerator>(std::move(options), std::move(address));
  RETURN_IF_ERROR(generator->Open());
  return std::unique_ptr<Generator>(std::move(generator));
}

}  // namespace lips::remote
