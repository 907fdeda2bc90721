#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <system_error>
#include <utility>

namespace lips {
namespace {

Error ErrnoError(std::string_view what, const Path& path) {
  const int code = errno;
  return Error(ErrorCode::kIo,
               std::string(what) + " '" + path.string() + "': " + std::generic_category().message(code));
}

// Closes on every way out.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

Result<size_t> RegularFileSize(int fd, const Path& path) {
  struct stat info = {};
  if (::fstat(fd, &info) != 0) return ErrnoError("cannot read", path);
  if (!S_ISREG(info.st_mode)) {
    return Error(ErrorCode::kIo, "cannot read '" + path.string() + "': not a regular file");
  }
  return static_cast<size_t>(info.st_size);
}

template <typename Container>
Result<Container> ReadInto(const Path& path, size_t max_bytes) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoError("cannot open", path);
  ASSIGN_OR_RETURN(const size_t size, RegularFileSize(fd.get(), path));
  if (size > max_bytes) {
    return Error(ErrorCode::kResourceLimit, "'" + path.string() + "' has " + std::to_string(size) + " bytes; at most " +
                                                std::to_string(max_bytes) + " are read");
  }
  Container bytes(size, {});
  size_t done = 0;
  while (done < size) {
    const ssize_t n = ::read(fd.get(), bytes.data() + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("cannot read", path);
    if (n == 0) break;  // shrank while we read it
    done += static_cast<size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

Status SyncPath(const Path& path, int flags) {
  const FileDescriptor fd(::open(path.c_str(), flags | O_CLOEXEC));
  if (!fd.valid()) return ErrnoError("cannot open", path);
  // Some file systems do not implement fsync on folders; they report EINVAL.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return ErrnoError("cannot flush", path);
  return {};
}

Path FolderOf(const Path& file) { return file.has_parent_path() ? file.parent_path() : Path("."); }

}  // namespace

Result<std::vector<uint8_t>> ReadFile(const Path& path, size_t max_bytes) {
  return ReadInto<std::vector<uint8_t>>(path, max_bytes);
}

Result<std::string> ReadTextFile(const Path& path, size_t max_bytes) { return ReadInto<std::string>(path, max_bytes); }

Result<MappedFile> MappedFile::Open(const Path& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoError("cannot open", path);
  ASSIGN_OR_RETURN(const size_t size, RegularFileSize(fd.get(), path));
  if (size == 0) return MappedFile(nullptr, 0);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) return ErrnoError("cannot map", path);
  return MappedFile(static_cast<const uint8_t*>(data), size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<uint8_t*>(data_), size_);
}

Result<AtomicFile> AtomicFile::Create(const Path& target) {
  std::error_code ignored;
  if (std::filesystem::is_directory(target, ignored)) {
    return Error(ErrorCode::kIo, "cannot write '" + target.string() + "': it is a folder");
  }
  // A rename would put a plain file in the place of a device or a pipe.
  if (std::filesystem::exists(target, ignored) && !std::filesystem::is_regular_file(target, ignored)) {
    return Error(ErrorCode::kIo, "cannot write '" + target.string() + "': it is no regular file");
  }
  std::random_device random;
  const std::string unique = std::to_string(::getpid()) + "." + std::to_string(random());
  const Path temporary = FolderOf(target) / (".tmp." + unique + "." + target.filename().string());
  const FileDescriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd.valid()) return ErrnoError("cannot write", target);
  return AtomicFile(target, temporary);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : target_(std::move(other.target_)), temporary_(std::exchange(other.temporary_, Path())) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  std::swap(target_, other.target_);
  std::swap(temporary_, other.temporary_);
  return *this;
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status AtomicFile::Commit() {
  RETURN_IF_ERROR(SyncPath(temporary_, O_RDONLY));
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return ErrnoError("cannot write", target_);
  temporary_.clear();
  return SyncPath(FolderOf(target_), O_RDONLY | O_DIRECTORY);
}

Status WriteFileAtomically(const Path& target, std::span<const uint8_t> bytes) {
  ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(target));
  {
    const FileDescriptor fd(::open(file.temporary_path().c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd.valid()) return ErrnoError("cannot write", target);
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n = ::write(fd.get(), bytes.data() + done, bytes.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoError("cannot write", target);
      done += static_cast<size_t>(n);
    }
  }
  return file.Commit();
}

Status WriteFileAtomically(const Path& target, std::string_view text) {
  return WriteFileAtomically(target, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

Status MakeFolder(const Path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return Error(ErrorCode::kIo, "cannot create folder '" + folder.string() + "': " + error.message());
  }
  return {};
}

}  // namespace lips
