#include "engine/remote/service.h"

#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <list>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "engine/remote/connection.h"
#include "engine/remote/wire.h"
#include "image/image.h"

namespace lips::remote {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { Reset(-1); }
  void Reset(int value) {
    if (value_ >= 0) ::close(value_);
    value_ = value;
  }
  int get() const { return value_; }

 private:
  int value_;
};

using Face = std::shared_ptr<const Generator::Template>;

// Prepared template frames by name; the longest unused makes room. Thread-safe.
class FaceStore {
 public:
  explicit FaceStore(int64_t budget_bytes) : budget_bytes_(budget_bytes) {}

  Face Find(const TemplateId& id) {
    const std::scoped_lock lock(mutex_);
    const auto found = faces_.find(id);
    if (found == faces_.end()) return nullptr;
    found->second.used = ++clock_;
    return found->second.face;
  }
  void Keep(const TemplateId& id, Face face) {
    const std::scoped_lock lock(mutex_);
    bytes_ += static_cast<int64_t>(face->bytes());
    const auto [place, fresh] = faces_.try_emplace(id);
    if (!fresh) bytes_ -= static_cast<int64_t>(place->second.face->bytes());
    place->second = {std::move(face), ++clock_};
    while (bytes_ > budget_bytes_ && faces_.size() > 1) {
      const auto oldest = std::ranges::min_element(faces_, {}, [](const auto& entry) { return entry.second.used; });
      bytes_ -= static_cast<int64_t>(oldest->second.face->bytes());
      faces_.erase(oldest);
    }
  }

 private:
  struct Kept {
    Face face;
    int64_t used = 0;
  };
  const int64_t budget_bytes_;
  std::mutex mutex_;
  // Guarded by mutex_:
  std::map<TemplateId, Kept> faces_;
  int64_t bytes_ = 0;
  int64_t clock_ = 0;
};

Status Listen(const ServiceOptions& options, Descriptor& listener) {
  const std::string where = options.bind + ":" + std::to_string(options.port);
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int rc = ::getaddrinfo(options.bind.c_str(), std::to_string(options.port).c_str(), &hints, &found);
  if (rc != 0) return Error(ErrorCode::kInvalidInput, "cannot listen on " + where + ": " + ::gai_strerror(rc));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  listener.Reset(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, found->ai_protocol));
  const int on = 1;
  const bool listens =
      listener.get() >= 0 && ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
      ::bind(listener.get(), found->ai_addr, found->ai_addrlen) == 0 && ::listen(listener.get(), 16) == 0;
  if (listens) return {};
  return Error(ErrorCode::kIo, "cannot listen on " + where + ": " + std::system_category().message(errno));
}

int PortOf(int listener) {
  sockaddr_storage name = {};
  socklen_t size = sizeof(name);
  if (::getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size) != 0) return 0;
  std::array<char, NI_MAXSERV> port = {};
  ::getnameinfo(reinterpret_cast<const sockaddr*>(&name), size, nullptr, 0, port.data(), port.size(), NI_NUMERICSERV);
  return std::atoi(port.data());
}

}  // namespace

struct GeneratorService::State {
  State(Generator& generator_in, ServiceOptions options_in)
      : generator(generator_in), options(std::move(options_in)), faces(options.template_bytes) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { Stop(); }

  Generator& generator;
  const ServiceOptions options;
  FaceStore faces;
  Descriptor listener, wake;
  int port = 0;
  std::thread acceptor;
  std::atomic<int64_t> refused = 0, templates = 0, frames = 0;

  std::mutex prepare_mutex, generate_mutex;  // the generator's own rule: one of each at a time

  // One client. Its thread alone uses all but Shutdown.
  struct Client {
    Connection connection;
    Rect wanted;
    std::vector<uint8_t> message, answer;
    GenerateRequest request;
    std::vector<Image> mouths;
    std::thread thread;
    std::atomic<bool> done = false;
  };
  mutable std::mutex mutex;
  std::list<Client> clients;  // guarded by mutex

  void Stop();
  void Accept();
  void Admit(int socket);
  void Reap();
  void Serve(Client& client);
  Status Greet(Client& client);
  bool Makes(Rect wanted) const;
  Status Answer(Client& client, Type type);
  Status KeepTemplate(Client& client);
  Status PrepareFace(const TemplatePictures& pictures);
  Status GenerateMouths(Client& client);
  Status Send(Client& client, Type type) { return client.connection.Send(type, client.answer, options.piece_ms); }
};

void GeneratorService::State::Stop() {
  if (!acceptor.joinable()) return;
  const uint64_t one = 1;
  static_cast<void>(::write(wake.get(), &one, sizeof(one)));
  acceptor.join();
  const std::scoped_lock lock(mutex);  // nobody adds any more
  for (const Client& client : clients) client.connection.Shutdown();
  for (Client& client : clients) client.thread.join();
  clients.clear();
}

void GeneratorService::State::Accept() {
  for (;;) {
    std::array<pollfd, 2> waiting = {pollfd{listener.get(), POLLIN, 0}, pollfd{wake.get(), POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
    if ((waiting[1].revents & POLLIN) != 0) return;
    const int socket = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    Reap();
    if (socket >= 0) Admit(socket);
  }
}

void GeneratorService::State::Reap() {
  const std::scoped_lock lock(mutex);
  for (auto client = clients.begin(); client != clients.end();) {
    if (!client->done) {
      ++client;
      continue;
    }
    client->thread.join();
    client = clients.erase(client);
  }
}

void GeneratorService::State::Admit(int socket) {
  const std::scoped_lock lock(mutex);
  Connection connection(socket);
  if (static_cast<int>(clients.size()) >= options.max_connections) {
    std::vector<uint8_t> text;
    Encode(Failure{ErrorCode::kResourceLimit, "the generator has all the clients it takes"}, text);
    static_cast<void>(connection.Send(Type::kFailure, text, 0).ok());  // gone if it cannot be told at once
    return;
  }
  Client& client = clients.emplace_back();
  client.connection = std::move(connection);
  client.thread = std::thread([this, &client] {
    Serve(client);
    client.connection.Shutdown();
    client.done = true;
  });
}

void GeneratorService::State::Serve(Client& client) {
  Status status = Greet(client);
  while (status.ok()) {
    auto type = client.connection.Receive(client.message, -1, options.piece_ms);
    status = type.ok() ? Answer(client, type.value()) : Status(std::move(type).TakeError());
  }
  if (status.error().code() == ErrorCode::kEndOfStream) return;
  Log(LogLevel::kInfo, "remote generator client gone", {{"why", status.error().message()}});
}

Status GeneratorService::State::Greet(Client& client) {
  auto type = client.connection.Receive(client.message, options.piece_ms, options.piece_ms);
  if (!type.ok()) return std::move(type).TakeError();
  Status problem;
  auto hello = ParseHello(client.message);
  if (type.value() != Type::kHello || !hello.ok()) {
    problem = hello.ok() ? Error(ErrorCode::kCorrupted, "a client begins without a greeting") : hello.error();
  } else if (hello.value().version != kVersion) {
    problem = Error(ErrorCode::kUnsupported, "the client speaks version " + std::to_string(hello.value().version) +
                                                 " of the generator protocol, this generator version " +
                                                 std::to_string(kVersion));
  } else if (!hello.value().model_sha256.empty() && hello.value().model_sha256 != options.model_sha256) {
    problem = Error(ErrorCode::kInvalidInput, "it runs another model: " + options.model_sha256.substr(0, 16) +
                                                  "..., expected " + hello.value().model_sha256.substr(0, 16) + "...");
  } else if (hello.value().wanted.right() > generator.size_px() ||
             hello.value().wanted.bottom() > generator.size_px()) {
    problem = Error(ErrorCode::kInvalidInput,
                    "the client wants pixels beyond a mouth of " + std::to_string(generator.size_px()) + " px");
  } else if (!Makes(hello.value().wanted)) {
    problem = Error(ErrorCode::kInvalidInput,
                    "it makes only what natural compositing uses of a mouth, and the client wants more: start it with "
                    "--composite compatible");
  }
  if (!problem.ok()) {
    ++refused;
    Encode(Failure{problem.error().code(), problem.error().message()}, client.answer);
    RETURN_IF_ERROR(Send(client, Type::kFailure));
    return problem;
  }
  client.wanted = hello.value().wanted;
  if (client.wanted.width == 0 || client.wanted.height == 0) {
    client.wanted = {0, 0, generator.size_px(), generator.size_px()};
  }
  Welcome welcome;
  welcome.size_px = generator.size_px();
  welcome.audio_dims = generator.audio_dims();
  welcome.preferred_jobs = generator.preferred_jobs();
  welcome.engine = generator.Describe();
  Encode(welcome, client.answer);
  return Send(client, Type::kWelcome);
}

bool GeneratorService::State::Makes(Rect wanted) const {
  const Rect made = UsedPart(options.used, generator.size_px());
  if (made.width == 0) return true;
  return wanted.width > 0 && wanted.x >= made.x && wanted.y >= made.y && wanted.right() <= made.right() &&
         wanted.bottom() <= made.bottom();
}

// What the network refuses is told to the client, which may go on; what is no message ends the connection.
Status GeneratorService::State::Answer(Client& client, Type type) {
  switch (type) {
    case Type::kTemplate: return KeepTemplate(client);
    case Type::kGenerate: return GenerateMouths(client);
    default: return Error(ErrorCode::kCorrupted, "a client sent a message that only the generator sends");
  }
}

Status GeneratorService::State::KeepTemplate(Client& client) {
  ASSIGN_OR_RETURN(const TemplatePictures pictures, ParseTemplate(client.message, generator.size_px()));
  // The name is the content, so nobody can pass other pictures off as these.
  if (pictures.id != IdOf(pictures.roi, pictures.masked)) {
    return Error(ErrorCode::kCorrupted, "a template frame that is not what its name says");
  }
  Status status;
  {
    const std::scoped_lock lock(prepare_mutex);  // also so that two clients with one picture prepare it once
    status = faces.Find(pictures.id) == nullptr ? PrepareFace(pictures) : Status();
  }
  if (!status.ok()) {
    Encode(Failure{status.error().code(), status.error().message()}, client.answer);
    return Send(client, Type::kFailure);
  }
  EncodeIds({&pictures.id, 1}, client.answer);
  return Send(client, Type::kKept);
}

// With prepare_mutex held.
Status GeneratorService::State::PrepareFace(const TemplatePictures& pictures) {
  ASSIGN_OR_RETURN(Face face, generator.Prepare(pictures.roi, pictures.masked));
  faces.Keep(pictures.id, std::move(face));
  ++templates;
  return {};
}

Status GeneratorService::State::GenerateMouths(Client& client) {
  const int64_t floats = generator.audio_floats();
  RETURN_IF_ERROR(ParseGenerate(client.message, floats, client.request));
  const std::vector<TemplateId>& ids = client.request.ids;
  std::vector<Face> held;
  std::vector<TemplateId> missing;
  for (const TemplateId& id : ids) {
    held.push_back(faces.Find(id));
    if (held.back() == nullptr && std::ranges::find(missing, id) == missing.end()) missing.push_back(id);
  }
  if (!missing.empty()) {
    EncodeIds(missing, client.answer);
    return Send(client, Type::kMissing);
  }
  client.mouths.resize(std::max(client.mouths.size(), ids.size()));
  std::vector<Generator::Job> jobs;
  for (size_t i = 0; i < ids.size(); ++i) {
    client.mouths[i].Resize(generator.size_px(), generator.size_px());
    const auto audio = std::span<const float>(client.request.audio)
                           .subspan(i * static_cast<size_t>(floats), static_cast<size_t>(floats));
    jobs.push_back({held[i].get(), audio, client.mouths[i].view()});
  }
  Status status;
  {
    const std::scoped_lock lock(generate_mutex);
    status = generator.Generate(jobs);
  }
  if (!status.ok()) {
    Encode(Failure{status.error().code(), status.error().message()}, client.answer);
    return Send(client, Type::kFailure);
  }
  frames += static_cast<int64_t>(ids.size());
  client.answer.clear();
  for (size_t i = 0; i < ids.size(); ++i) {
    const ConstImageView part = std::as_const(client.mouths[i]).view().Crop(client.wanted);
    for (int y = 0; y < part.height; ++y) {
      client.answer.insert(client.answer.end(), part.Row(y), part.Row(y) + ptrdiff_t{3} * part.width);
    }
  }
  return Send(client, Type::kMouths);
}

GeneratorService::GeneratorService(std::unique_ptr<State> state) : state_(std::move(state)) {}
GeneratorService::~GeneratorService() = default;

Result<std::unique_ptr<GeneratorService>> GeneratorService::Start(Generator& generator, ServiceOptions options) {
  auto state = std::make_unique<State>(generator, std::move(options));
  RETURN_IF_ERROR(Listen(state->options, state->listener));
  state->wake.Reset(::eventfd(0, EFD_CLOEXEC));
  if (state->wake.get() < 0) return Error(ErrorCode::kIo, "cannot wait: " + std::system_category().message(errno));
  state->port = PortOf(state->listener.get());
  state->acceptor = std::thread([raw = state.get()] { raw->Accept(); });
  return std::unique_ptr<GeneratorService>(new GeneratorService(std::move(state)));
}

int GeneratorService::port() const { return state_->port; }

// A signal handler can raise a flag and nothing else, so the flag is looked at ten times a second.
void GeneratorService::RunUntil(const StopFlag& stop) const {
  std::mutex mutex;
  std::condition_variable nobody;
  std::unique_lock lock(mutex);
  while (!stop.raised()) nobody.wait_for(lock, std::chrono::milliseconds(100));
}

ServiceStats GeneratorService::stats() const {
  const std::scoped_lock lock(state_->mutex);
  const auto open = std::ranges::count_if(state_->clients, [](const auto& client) { return !client.done; });
  return {open, state_->refused, state_->templates, state_->frames};
}

}  // namespace lips::remote
