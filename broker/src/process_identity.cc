#include "process_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace schedhint::broker {
namespace {

// linux/pidfd.h of Linux 6.13, and asm-generic/socket.h of 6.5: newer than the headers to build
// with.
struct PidfdInfo {
  __u64 mask;
  __u64 cgroup;
  __u32 pid, tgid, ppid;
  __u32 ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  __s32 exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr __u64 kInfoPid = 1;
constexpr __u64 kInfoCredentials = 2;
constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

// linux/nsfs.h: the same on every machine.
constexpr ino_t kInitialPidNamespace = 0xEFFFFFFC;
constexpr ino_t kInitialUserNamespace = 0xEFFFFFFD;

bool IsNamespace(const char* path, ino_t inode) {
  struct stat file;
  return stat(path, &file) == 0 && file.st_ino == inode;
}

// Of the unified hierarchy. Who can't be seen (hidepid) shares one account with others like them.
std::string ReadCgroup(uint32_t tgid, unsigned depth) {
  std::string file = "/proc/" + std::to_string(tgid) + "/cgroup";
  Descriptor fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char part[4096];
  for (ssize_t got; fd.is_open() && (got = read(fd.get(), part, sizeof(part))) > 0;) {
    text.append(part, static_cast<size_t>(got));
  }
  size_t line = text.rfind("0::/", 0) == 0 ? 0 : text.find("\n0::/");
  if (line == std::string::npos) return "?";
  size_t begin = text.find('/', line);
  size_t end = begin;
  for (unsigned i = 0; i < depth && end != std::string::npos; i++) end = text.find('/', end + 1);
  std::string path = text.substr(begin, end == std::string::npos ? end : end - begin);
  return path.substr(0, path.find('\n'));
}

}  // namespace

int ReadTask(int pidfd, Task* task) {
  PidfdInfo info = {};
  info.mask = kInfoPid | kInfoCredentials;
  if (ioctl(pidfd, kPidfdGetInfo, &info) != 0) return -errno;
  constexpr __u64 kWanted = kInfoPid | kInfoCredentials;
  // 0: it lives in a pid namespace that is no child of ours.
  if ((info.mask & kWanted) != kWanted || info.tgid == 0) return -ESRCH;
  *task = {info.pid, info.tgid, info.euid};
  return 0;
}

int IdentifyPeer(int socket, unsigned cgroup_depth, Peer* peer) {
  int pidfd = -1;
  socklen_t size = sizeof(pidfd);
  if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) != 0) return -errno;
  peer->pidfd.Reset(pidfd);
  ucred credentials;
  size = sizeof(credentials);
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return -errno;
  Task task;
  if (int error = ReadTask(pidfd, &task)) return error;
  // It has become another user since: a program with the set-user-id bit, that did not connect.
  if (task.uid != credentials.uid) return -EPERM;
  peer->tgid = task.tgid;
  peer->uid = task.uid;
  peer->cgroup = ReadCgroup(task.tgid, cgroup_depth);
  // What was read by its number was of this process only if it is there still.
  return ReadTask(pidfd, &task);
}

int CheckKernel() {
  Descriptor self(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  Task task;
  return self.is_open() ? ReadTask(self.get(), &task) : -errno;
}

bool InInitialNamespaces() {
  return IsNamespace("/proc/self/ns/pid", kInitialPidNamespace) &&
         IsNamespace("/proc/self/ns/user", kInitialUserNamespace);
}

}  // namespace schedhint::broker
