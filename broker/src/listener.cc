#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "log.h"

namespace schedhint::broker {
namespace {

constexpr int kFirstFromSystemd = 3;  // sd_listen_fds(3)
constexpr int kBacklog = 128;

bool Failed(const char* what, const std::string& path) {
  int error = errno;
  LogOwn("error", Format("event=socket-failed step=%s path=%s error=%s", what, Quoted(path).c_str(),
                         ErrnoName(error).c_str()));
  return false;
}

bool AddressOf(const std::string& path, sockaddr_un* address) {
  *address = {};
  address->sun_family = AF_UNIX;
  if (path.size() >= sizeof(address->sun_path)) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(address->sun_path, path.c_str(), path.size() + 1);
  return true;
}

const sockaddr* Plain(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// Whether a broker answers there. One that was killed leaves the file.
bool IsServed(const sockaddr_un& address) {
  Descriptor socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(socket_fd.get(), Plain(address), sizeof(address)) == 0;
}

bool GroupId(const std::string& name, gid_t* gid) {
  char* end;
  unsigned long number = strtoul(name.c_str(), &end, 10);
  if (*end == '\0') {
    *gid = static_cast<gid_t>(number);
    return true;
  }
  const group* found = getgrnam(name.c_str());
  if (found == nullptr) {
    errno = ENOENT;
    return false;
  }
  *gid = found->gr_gid;
  return true;
}

}  // namespace

bool Listener::Open(const Options& options) {
  return TakeFromSystemd() || Make(options);
}

bool Listener::TakeFromSystemd() {
  const char* pid = getenv("LISTEN_PID");
  const char* count = getenv("LISTEN_FDS");
  if (pid == nullptr || count == nullptr || strtol(pid, nullptr, 10) != getpid() ||
      strtol(count, nullptr, 10) != 1) {
    return false;
  }
  fd_.Reset(kFirstFromSystemd);
  fcntl(fd_.get(), F_SETFD, FD_CLOEXEC);
  fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
  return true;
}

bool Listener::Make(const Options& options) {
  const std::string& path = options.socket;
  // Under another name first: no client connects before its mode is right, and the name is never
  // gone.
  std::string scratch = path + "." + std::to_string(getpid());
  sockaddr_un address, scratch_address;
  if (!AddressOf(path, &address) || !AddressOf(scratch, &scratch_address)) {
    return Failed("path", path);
  }
  if (IsServed(address)) {
    errno = EADDRINUSE;
    return Failed("bind", path);
  }
  gid_t group = static_cast<gid_t>(-1);
  if (!options.group.empty() && !GroupId(options.group, &group)) return Failed("group", path);
  fd_.Reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  unlink(scratch.c_str());
  if (!fd_.is_open() || bind(fd_.get(), Plain(scratch_address), sizeof(scratch_address)) != 0) {
    return Failed("bind", scratch);
  }
  const char* step = nullptr;
  if (!options.group.empty() && chown(scratch.c_str(), static_cast<uid_t>(-1), group) != 0) {
    step = "chown";
  } else if (chmod(scratch.c_str(), options.mode) != 0) {
    step = "chmod";
  } else if (listen(fd_.get(), kBacklog) != 0) {
    step = "listen";
  } else if (rename(scratch.c_str(), path.c_str()) != 0) {
    step = "rename";
  }
  if (step != nullptr) {
    Failed(step, scratch);
    unlink(scratch.c_str());
    return false;
  }
  path_ = path;
  return true;
}

Listener::~Listener() {
  if (!path_.empty()) unlink(path_.c_str());
}

void NotifySystemd(const char* state) {
  const char* path = getenv("NOTIFY_SOCKET");
  sockaddr_un address;
  if (path == nullptr || !AddressOf(path, &address)) return;
  size_t size = offsetof(sockaddr_un, sun_path) + strlen(path);
  if (path[0] == '@') address.sun_path[0] = '\0';  // in the abstract namespace
  Descriptor fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sendto(fd.get(), state, strlen(state), MSG_NOSIGNAL, Plain(address),
         static_cast<socklen_t>(size));
}

}  // namespace schedhint::broker
