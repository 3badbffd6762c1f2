#pragma once
// Starts a thread that only waits, for a question that the kernel answers about a thread only.

namespace schedhint {

// The thread ends with the object.
class ScratchThread {
 public:
  ScratchThread();
  ScratchThread(const ScratchThread&) = delete;
  ScratchThread& operator=(const ScratchThread&) = delete;
  ~ScratchThread();

  // Of it, as OpenThread() makes one; or -errno: there is no such thread.
  int Descriptor() const { return thread_; }

 private:
  int end_ = -1;  // of a pair of sockets: the thread waits until it is closed
  int thread_;
};

}  // namespace schedhint
