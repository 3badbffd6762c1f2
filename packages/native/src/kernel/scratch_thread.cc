#include "kernel/scratch_thread.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "kernel/bpf_syscall.h"
#include "kernel/native_thread.h"

namespace schedhint {
namespace {

void SayWhoAndWait(void* argument) {
  int socket = static_cast<int>(reinterpret_cast<intptr_t>(argument));
  pid_t own = static_cast<pid_t>(syscall(SYS_gettid));
  char nothing;
  if (write(socket, &own, sizeof(own)) == static_cast<ssize_t>(sizeof(own))) {
    while (read(socket, &nothing, sizeof(nothing)) < 0 && errno == EINTR) {
    }
  }
  close(socket);
}

}  // namespace

ScratchThread::ScratchThread() {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
    thread_ = -errno;
    return;
  }
  void* argument = reinterpret_cast<void*>(static_cast<intptr_t>(sockets[1]));
  if (!StartNativeThread("schedhint-ask", SayWhoAndWait, argument)) {
    thread_ = -EAGAIN;
    close(sockets[0]);
    close(sockets[1]);
    return;
  }
  end_ = sockets[0];
  pid_t tid;
  ssize_t bytes;
  do {
    bytes = read(end_, &tid, sizeof(tid));
  } while (bytes < 0 && errno == EINTR);
  thread_ = bytes == static_cast<ssize_t>(sizeof(tid)) ? OpenThread(tid) : -EIO;
}

ScratchThread::~ScratchThread() {
  if (thread_ >= 0) CloseDescriptor(thread_);
  if (end_ < 0) return;
  // Not closing alone: a child that was forked meanwhile has the socket, too.
  shutdown(end_, SHUT_RDWR);
  close(end_);
}

}  // namespace schedhint
