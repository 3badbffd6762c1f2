// What many threads cost: binding them, binding them again, and the memory of their blocks.

#include "scale.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <set>

#include "bench.h"
#include "threads.h"

extern std::atomic<const schedhint_registry*> schedhint_registry_v1;

namespace {

std::unique_ptr<NativeThreads> kept;

const schedhint_registry& Registry() {
  return *schedhint_registry_v1.load();
}

bool AllBoundTo(uint32_t map_id) {
  for (auto& thread : kept->all()) {
    schedhint_status status;
    Registry().status(thread->binding, &status);
    if (status.step != SCHEDHINT_STEP_NONE || status.map_id != map_id) return false;
  }
  return true;
}

}  // namespace

// While so many live, every other one binds itself by hand, and those between through the registry.
int BindBothWays(const std::string& map, int map_fd, uint32_t count, double* by_hand,
                 double* by_registry) {
  NativeThreads threads;
  if (!threads.Start(count)) return -EAGAIN;
  int error = 0;
  for (uint32_t i = 0; i < count && error == 0; i++) {
    NativeThread& thread = *threads.all()[i];
    threads.RunOn(thread, [&](NativeThread& one) {
      if (i % 2 == 0) {
        one.ns = BindByHand(map_fd);
      } else {
        BindByRegistry(one, map);
      }
    });
    if (thread.ns < 0) error = static_cast<int>(thread.ns);
    (i % 2 == 0 ? by_hand : by_registry)[i / 2] = static_cast<double>(thread.ns);
  }
  return error;
}

int KeepBound(const std::string& map, uint32_t count) {
  kept = std::make_unique<NativeThreads>();
  if (!kept->Start(count)) return -EAGAIN;
  int error = 0;
  kept->RunOnEach([&](NativeThread& thread) {
    BindByRegistry(thread, map);
    if (thread.ns < 0) error = static_cast<int>(thread.ns);
  });
  return error;
}

void LetGo() {
  kept.reset();
}

// The pin leads to another map from now on.
int64_t Rebind(const std::string& next, const std::string& map, uint32_t map_id) {
  int64_t start = now_ns();
  if (rename(next.c_str(), map.c_str()) != 0) return -errno;
  while (!AllBoundTo(map_id)) usleep(200);
  return now_ns() - start;
}

int64_t RebindByHand(int map_fd) {
  int64_t total = 0;
  kept->RunOnEach([&](NativeThread& thread) {
    thread.ns = BindByHand(map_fd);
    total = total < 0 || thread.ns < 0 ? -1 : total + thread.ns;
  });
  return total;
}

uint32_t PagesOfBlocks() {
  std::set<uintptr_t> pages;
  for (auto& thread : kept->all()) {
    uint32_t size;
    void* block = Registry().block(thread->binding, 0, &size);
    pages.insert(reinterpret_cast<uintptr_t>(block) / static_cast<uintptr_t>(getpagesize()));
  }
  return static_cast<uint32_t>(pages.size());
}
