#pragma once
// Native threads that live until they are asked to end, and do one after the other what they are
// asked to do: nothing but the work itself is in what they measure.

#include <pthread.h>
#include <semaphore.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "registry/registry_abi.h"

struct NativeThread {
  pthread_t handle = {};
  sem_t go, done;
  const std::function<void(NativeThread&)>* task = nullptr;
  bool ends = false;
  schedhint_binding* binding = nullptr;
  int64_t ns = 0;  // of its last work; negative: -errno
};

class NativeThreads {
 public:
  using Task = std::function<void(NativeThread&)>;

  NativeThreads() = default;
  // Ends them, unbound.
  ~NativeThreads();
  NativeThreads(const NativeThreads&) = delete;
  NativeThreads& operator=(const NativeThreads&) = delete;

  bool Start(uint32_t count);
  const std::vector<std::unique_ptr<NativeThread>>& all() const { return threads_; }
  // On the thread, and waits for it.
  void RunOn(NativeThread& thread, const Task& task);
  void RunOnEach(const Task& task);

 private:
  std::vector<std::unique_ptr<NativeThread>> threads_;
};

// The calling thread's element, by pidfd_open, bpf_map_update_elem and close: nanoseconds, or
// -errno.
int64_t BindByHand(int map_fd);
void UnbindByHand(int map_fd);
// The same through the registry, as schedhint binds.
void BindByRegistry(NativeThread& thread, const std::string& map);
void Release(NativeThread& thread);
