#include "model/external_data.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "model/graph.h"

namespace lips {
namespace {

// A sparse file claims any size at no cost, so that the file's size alone is no bound.
constexpr int64_t kMostBytes = int64_t{2} << 30;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string Subject(std::string_view location) { return "external data file " + QuoteName(location); }

Error OpenError(std::string_view location) {
  const int code = errno;
  if (code == ELOOP || code == ENOTDIR) {
    return Error(ErrorCode::kCorrupted, Subject(location) + " is reached through a link; only a regular file is read");
  }
  return Error(ErrorCode::kIo,
               "cannot open " + Subject(location) + " beside the model: " + std::generic_category().message(code));
}

Status CheckLocation(std::string_view location) {
  const Path path(location);
  bool fine = !location.empty() && location.find('\0') == std::string_view::npos && path.is_relative();
  for (const Path& part : path) fine = fine && part != ".." && part != "." && !part.empty();
  if (fine) return {};
  return Error(ErrorCode::kCorrupted,
               Subject(location) + " is not a plain file name inside the model's folder (no absolute path, no \"..\")");
}

// Follows `location` one component at a time, refusing links at each.
Result<Descriptor> OpenInside(const Path& folder, std::string_view location) {
  Descriptor here(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (here.get() < 0) return OpenError(location);
  const Path path(location);
  for (const Path& part : path.parent_path()) {
    Descriptor next(::openat(here.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (next.get() < 0) return OpenError(location);
    here = std::move(next);
  }
  // O_NONBLOCK: opening a named pipe must not wait for a writer.
  Descriptor file(::openat(here.get(), path.filename().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0) return OpenError(location);
  return file;
}

}  // namespace

Result<Tensor> ReadExternalTensor(const Path& folder, std::string_view location, int64_t offset, DType dtype,
                                  const Dims& dims) {
  RETURN_IF_ERROR(CheckLocation(location));
  ASSIGN_OR_RETURN(const int64_t count, ElementCount(dims));
  const int64_t needed = count * static_cast<int64_t>(SizeOf(dtype));
  ASSIGN_OR_RETURN(const Descriptor file, OpenInside(folder, location));
  struct stat info = {};
  if (::fstat(file.get(), &info) != 0) return OpenError(location);
  if (!S_ISREG(info.st_mode)) return Error(ErrorCode::kCorrupted, Subject(location) + " is not a regular file");
  if (info.st_nlink > 1) {
    return Error(ErrorCode::kCorrupted,
                 Subject(location) + " has several names (hard links); copy it to a file of its own");
  }
  if (offset < 0 || offset > info.st_size || needed > info.st_size - offset) {
    return Error(ErrorCode::kCorrupted, Subject(location) + " has " + std::to_string(info.st_size) + " bytes, but " +
                                            std::to_string(needed) + " at offset " + std::to_string(offset) +
                                            " are asked of it");
  }
  if (needed > kMostBytes) {
    return Error(ErrorCode::kResourceLimit, Subject(location) + " would give one tensor of " + std::to_string(needed) +
                                                " bytes; at most 2 GiB are read");
  }
  Tensor tensor(dtype, dims);
  int64_t done = 0;
  while (done < needed) {
    const ssize_t n = ::pread(file.get(), tensor.data() + done, static_cast<size_t>(needed - done),
                              static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Error(ErrorCode::kIo, "cannot read " + Subject(location) + " to its end");
    done += n;
  }
  return tensor;
}

}  // namespace lips
