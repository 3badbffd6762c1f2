// Many native threads attach, look, release and end at the same time, each other's blocks too,
// while the map comes and goes under them, and so do the elements of a pool's threads. Built with
// -fsanitize=thread. Arguments: the pin, lives of each thread.

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "registry/registry_abi.h"
#include "tld_race.h"

namespace {

constexpr int kThreads = 8;

// Whether this very file was compiled with it.
constexpr bool IsInstrumented() {
#ifdef __SANITIZE_THREAD__
  return true;
#else
  return false;
#endif
}

std::atomic<uint64_t> next_id{1};
std::atomic<uint64_t> latest_id{0};
std::atomic<bool> done{false};
std::atomic<int> notified{0};

const schedhint_slot kSlots[] = {{0, 256, SCHEDHINT_OWNER_THREAD, 72, 128},
                                 {8, 128, SCHEDHINT_OWNER_PROCESS, 16, 64}};

const schedhint_helpers_layout kHelpers = {1, 12, 1, 2, {0, 16, 20, 24}};
constexpr uint32_t kPool = 4;
std::atomic<int32_t> pool[kPool];  // their thread ids
std::atomic<bool> was_pool_wanted{false};

[[noreturn]] void Fail(const char* why) {
  fprintf(stderr, "registry_race: %s\n", why);
  exit(3);
}

// A thread of a pool, until all is done. Half of them have the name that libuv gives them.
void WaitInPool(uint32_t place) {
  if (place % 2 == 0) prctl(PR_SET_NAME, "libuv-worker");
  pool[place] = static_cast<int32_t>(syscall(SYS_gettid));
  const timespec moment = {0, 1000000};
  while (!done) nanosleep(&moment, nullptr);
}

void FindPool(const schedhint_registry* registry, schedhint_binding* binding) {
  uint32_t size;
  void* process = registry->block(binding, 1, &size);
  __atomic_store_n(static_cast<uint32_t*>(process), 1u, __ATOMIC_RELEASE);
  registry->find_helpers(binding, &kHelpers);
  if (registry->wants_pool_threads() == 0) return;
  was_pool_wanted = true;
  int32_t tids[kPool];
  for (uint32_t i = 0; i < kPool; i++) tids[i] = pool[i];
  registry->pool_threads(tids, kPool);
}

void Live(const schedhint_registry* registry, const schedhint_channel_spec* spec, int lives) {
  for (int life = 0; life < lives; life++) {
    // Its own thread for each life: that is what ends.
    std::thread([&] {
      uint64_t id = next_id++;
      schedhint_status status;
      schedhint_binding* own = registry->attach(spec, id, &status);
      if (own == nullptr) Fail("the attach was refused");
      uint64_t peer = latest_id.exchange(id);
      schedhint_binding* other = registry->attach_other(spec, peer, &status);
      uint32_t size = 0;
      auto* word = static_cast<uint32_t*>(registry->block(own, 0, &size));
      if (word == nullptr) Fail("the thread has no block");
      if (size != kSlots[0].size) Fail("the block has another size than its slot");
      __atomic_store_n(word, static_cast<uint32_t>(id), __ATOMIC_RELAXED);
      FindPool(registry, own);
      registry->status(own, &status);
      schedhint_counts counts;
      registry->counts(&counts);
      if (life % 2 == 0) registry->release(own);
      registry->thread_ends();
      if (life % 2 != 0) registry->release(own);
      if (other != nullptr) registry->release(other);
    }).join();
  }
}

// The files of this process that /proc/self/maps has, as far as they matter: the test compares.
void PrintSanitized() {
  std::ifstream maps("/proc/self/maps");
  std::string line, program = std::filesystem::read_symlink("/proc/self/exe");
  bool has_program = false, has_sanitizer = false;
  while (std::getline(maps, line)) {
    has_program |= line.find(program) != std::string::npos;
    has_sanitizer |= line.find("/libtsan.so") != std::string::npos;
  }
  printf("%s %s ThreadSanitizer: ", has_program ? program.c_str() : "?",
         has_sanitizer && IsInstrumented() ? "with" : "without");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  CreateKeysAtOnce();
  std::string pin = argv[1], away = pin + "_away";
  schedhint_channel_spec spec = {pin.c_str(), "", 16, 2, kSlots, 1, 8};
  const schedhint_registry* registry = &schedhint::SharedRegistry();
  auto listener = [](void*) { notified++; };
  registry->listen(listener, nullptr);
  std::thread flapping([&] {
    while (!done) {
      rename(pin.c_str(), away.c_str());
      rename(away.c_str(), pin.c_str());
    }
  });
  std::vector<std::thread> waiting;
  for (uint32_t i = 0; i < kPool; i++) waiting.emplace_back(WaitInPool, i);
  for (std::atomic<int32_t>& tid : pool) {
    while (tid == 0) std::this_thread::yield();
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; i++) threads.emplace_back(Live, registry, &spec, atoi(argv[2]));
  for (std::thread& thread : threads) thread.join();
  done = true;
  flapping.join();
  for (std::thread& thread : waiting) thread.join();
  if (!was_pool_wanted) Fail("no thread was bound");
  registry->unlisten(listener, nullptr);
  schedhint_counts counts;
  registry->counts(&counts);
  PrintSanitized();
  printf("%u threads, %u bindings, %u bound, %u used\n", counts.threads, counts.bindings,
         counts.bound, counts.blocks_used);
  return counts.threads + counts.bindings + counts.bound + counts.blocks_used == 0 ? 0 : 1;
}
