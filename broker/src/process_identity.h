#pragma once
// Identifies processes and threads by pidfds, so that a reused pid is not taken for the original,
// and the peer of a connection with its uid and cgroup. Checks that the kernel can do this.

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "descriptor.h"

namespace schedhint::broker {

struct Task {
  uint32_t tid = 0;
  uint32_t tgid = 0;
  uint32_t uid = 0;  // effective
};

// 0, or -errno: ESRCH when the task is no more.
int ReadTask(int pidfd, Task* task);

// The process at the other end of a connection, at the time that it connected.
struct Peer {
  Descriptor pidfd;
  uint32_t tgid = 0;
  uint32_t uid = 0;
  std::string cgroup;
};

// 0, or -errno. The cgroup is cut to its first `cgroup_depth` names: what lies below may be the
// client's own to make.
int IdentifyPeer(int socket, unsigned cgroup_depth, Peer* peer);

// 0, or -errno: this kernel can't tell of processes by their descriptors.
int CheckKernel();

// Whether we are in the initial pid and user namespaces. Elsewhere ids mean something else.
bool InInitialNamespaces();

}  // namespace schedhint::broker
