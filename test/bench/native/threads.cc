#include "threads.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

// The linker gives us the one that schedhint's addon has published: see shared_registry.cc.
__attribute__((visibility("default"), used)) inline std::atomic<const schedhint_registry*>
    schedhint_registry_v1{nullptr};

namespace {

constexpr size_t kStackBytes = 64 * 1024;
const schedhint_slot kSlots[] = {{0, 256, SCHEDHINT_OWNER_THREAD, 72, 128},
                                 {8, 128, SCHEDHINT_OWNER_PROCESS, 16, 64}};
std::atomic<uint64_t> next_id{1ull << 40};  // Node.js counts its threads from 0

struct Value {
  const void* thread;
  const void* process;
};

// Blocks for the calls in C.
const Value& OwnBlocks() {
  static const Value value = [] {
    char* page = static_cast<char*>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    return Value{page, page + 128};
  }();
  return value;
}

// A thread that has worked has touched its stack, and has its own place in malloc's books:
// what binding costs is measured in such a one.
void Work() {
  volatile char stack[16 * 1024];
  for (size_t i = 0; i < sizeof(stack); i += 1024) stack[i] = 1;
  for (size_t size = 16; size <= 1024; size *= 2) {
    void* volatile block = malloc(size);
    free(block);
  }
}

void* Live(void* raw) {
  NativeThread& thread = *static_cast<NativeThread*>(raw);
  Work();
  while (!thread.ends) {
    while (sem_wait(&thread.go) != 0) continue;
    (*thread.task)(thread);
    sem_post(&thread.done);
  }
  return nullptr;
}

}  // namespace

NativeThreads::~NativeThreads() {
  RunOnEach([](NativeThread& thread) {
    if (thread.binding != nullptr) schedhint_registry_v1.load()->thread_ends();
    Release(thread);
    thread.ends = true;
  });
  for (auto& thread : threads_) {
    pthread_join(thread->handle, nullptr);
    sem_destroy(&thread->go);
    sem_destroy(&thread->done);
  }
}

bool NativeThreads::Start(uint32_t count) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  bool started = true;
  for (uint32_t i = 0; i < count && started; i++) {
    auto thread = std::make_unique<NativeThread>();
    sem_init(&thread->go, 0, 0);
    sem_init(&thread->done, 0, 0);
    started = pthread_create(&thread->handle, &attributes, Live, thread.get()) == 0;
    if (started) threads_.push_back(std::move(thread));
  }
  pthread_attr_destroy(&attributes);
  return started;
}

void NativeThreads::RunOn(NativeThread& thread, const Task& task) {
  thread.task = &task;
  sem_post(&thread.go);
  while (sem_wait(&thread.done) != 0) continue;
}

void NativeThreads::RunOnEach(const Task& task) {
  for (auto& thread : threads_) RunOn(*thread, task);
}

int64_t BindByHand(int map_fd) {
  const Value& value = OwnBlocks();
  int64_t start = now_ns();
  int thread = static_cast<int>(syscall(SYS_pidfd_open, syscall(SYS_gettid), O_EXCL));
  if (thread < 0) return -errno;
  int error = bpf_map_update_elem(map_fd, &thread, &value, BPF_ANY);
  close(thread);
  return error < 0 ? error : now_ns() - start;
}

void UnbindByHand(int map_fd) {
  int thread = static_cast<int>(syscall(SYS_pidfd_open, syscall(SYS_gettid), O_EXCL));
  if (thread < 0) return;
  bpf_map_delete_elem(map_fd, &thread);
  close(thread);
}

void BindByRegistry(NativeThread& thread, const std::string& map) {
  schedhint_channel_spec spec = {};
  spec.path = map.c_str();
  spec.broker = "";
  spec.value_size = sizeof(Value);
  spec.slot_count = 2;
  spec.slots = kSlots;
  spec.count_slot = 1;
  spec.count_offset = 8;
  schedhint_status status;
  int64_t start = now_ns();
  thread.binding = schedhint_registry_v1.load()->attach(&spec, next_id++, &status);
  thread.ns = now_ns() - start;
  if (thread.binding == nullptr || status.step != SCHEDHINT_STEP_NONE) {
    thread.ns = -(status.error != 0 ? status.error : EIO);
  }
}

void Release(NativeThread& thread) {
  if (thread.binding == nullptr) return;
  schedhint_registry_v1.load()->release(thread.binding);
  thread.binding = nullptr;
}
