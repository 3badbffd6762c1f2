#pragma once
// Classifies a client's descriptor as a pidfd, a memfd or foreign, before any other use of it.
//
// A descriptor may lead into a file system that the client serves itself (FUSE): a system call on
// it, even close(2), can wait for the client forever. So the first question is one that the kernel
// answers alone, and only descriptors of the kernel's own file systems are asked more.

namespace schedhint::broker {

enum class Origin { kPidfd, kMemfd, kForeign };

class DescriptorOrigins {
 public:
  // False, with errno: the kernel has no such descriptors.
  bool Learn();
  Origin Of(int fd) const;

 private:
  unsigned long long pidfds_ = 0;
  unsigned long long memfds_ = 0;
};

}  // namespace schedhint::broker
