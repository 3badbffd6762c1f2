#pragma once
// Which of the system calls that binding needs are refused to this process, as seccomp profiles do.

namespace schedhint {

// -errno of each, or 0. None has an effect.
struct RefusedCalls {
  int bpf;
  int pidfd_open;    // of a thread: PIDFD_THREAD
  int memfd_create;  // what a broker is handed
};

RefusedCalls FindRefusedCalls();

}  // namespace schedhint
