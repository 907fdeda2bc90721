#include "base/file_part.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace lips {

struct FilePart::File {
  File(int fd_in, Path path_in) : fd(fd_in), path(std::move(path_in)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(fd); }
  int fd;
  Path path;
};

namespace {

Error ErrnoError(const std::string& what, const std::string& name) {
  const int code = errno;
  return Error(ErrorCode::kIo, what + " '" + name + "': " + std::generic_category().message(code));
}

int64_t PageBytes() {
  static const int64_t bytes = ::sysconf(_SC_PAGESIZE);
  return bytes;
}

struct Mapping {
  Mapping(void* data_in, size_t size_in) : data(data_in), size(size_in) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(data, size); }
  void* data;
  size_t size;
};

}  // namespace

FilePart::FilePart(std::shared_ptr<const File> file, int64_t size)
    : file_(std::move(file)), size_(size), name_(file_->path.string()) {}

const Path& FilePart::path() const { return file_->path; }

Result<FilePart> FilePart::Open(const Path& path) {
  // Not blocking, so that a pipe without a writer is refused rather than waited for.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return ErrnoError("cannot open", path.string());
  const auto file = std::make_shared<const File>(fd, path);
  struct stat info = {};
  if (::fstat(fd, &info) != 0) return ErrnoError("cannot read", path.string());
  if (!S_ISREG(info.st_mode)) return Error(ErrorCode::kIo, "cannot read '" + path.string() + "': not a regular file");
  return FilePart(file, info.st_size);
}

Result<FilePart> FilePart::Part(int64_t offset, int64_t length, std::string name) const {
  if (offset < 0 || length < 0 || offset > size_ || length > size_ - offset) {
    return Error(ErrorCode::kInvalidInput, "'" + name + "': bytes " + std::to_string(offset) + " to " +
                                               std::to_string(offset) + " + " + std::to_string(length) + " leave '" +
                                               name_ + "' of " + std::to_string(size_) + " bytes");
  }
  FilePart part = *this;
  part.offset_ += offset;
  part.size_ = length;
  part.name_ = std::move(name);
  part.whole_ = false;
  return part;
}

Status FilePart::CheckStillThere(int64_t end) const {
  struct stat info = {};
  if (::fstat(file_->fd, &info) != 0) return ErrnoError("cannot read", name_);
  if (info.st_size >= offset_ + end) return {};
  return Error(ErrorCode::kCorrupted, "'" + name_ + "': the file was cut off at byte " + std::to_string(info.st_size) +
                                          " while in use; expected at least " + std::to_string(offset_ + end));
}

Status FilePart::Read(int64_t offset, std::span<uint8_t> out) const {
  if (offset < 0 || offset > size_ || static_cast<int64_t>(out.size()) > size_ - offset) {
    return Error(ErrorCode::kInvalidInput, "'" + name_ + "': " + std::to_string(out.size()) + " bytes at " +
                                               std::to_string(offset) + " of " + std::to_string(size_));
  }
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t n =
        ::pread(file_->fd, out.data() + done, out.size() - done, offset_ + offset + static_cast<int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("cannot read", name_);
    if (n == 0) {
      RETURN_IF_ERROR(CheckStillThere(offset + static_cast<int64_t>(out.size())));
      return Error(ErrorCode::kCorrupted, "'" + name_ + "': the file changed its length while it was read");
    }
    done += static_cast<size_t>(n);
  }
  return {};
}

Result<std::vector<uint8_t>> FilePart::ReadAll(size_t max_bytes) const {
  if (size_ > static_cast<int64_t>(max_bytes)) {
    return Error(ErrorCode::kResourceLimit, "'" + name_ + "' has " + std::to_string(size_) + " bytes; at most " +
                                                std::to_string(max_bytes) + " are read");
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(size_));
  RETURN_IF_ERROR(Read(0, bytes));
  return bytes;
}

Result<OwnedBytes> FilePart::Map() const { return Map(0, size_); }

Result<OwnedBytes> FilePart::Map(int64_t offset, int64_t length) const {
  if (length == 0) return OwnedBytes();
  ASSIGN_OR_RETURN(const FilePart part, Part(offset, length, name_));
  RETURN_IF_ERROR(CheckStillThere(offset + length));
  const int64_t before = part.offset_ % PageBytes();  // mappings begin at pages
  const auto size = static_cast<size_t>(length + before);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file_->fd, part.offset_ - before);
  if (data == MAP_FAILED) return ErrnoError("cannot map", name_);
  const auto mapping = std::make_shared<const Mapping>(data, size);
  return OwnedBytes{{static_cast<const uint8_t*>(data) + before, static_cast<size_t>(length)}, mapping};
}

}  // namespace lips
