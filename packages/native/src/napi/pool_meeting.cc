#include "napi/pool_meeting.h"

#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "kernel/monotonic_clock.h"
#include "napi/exported.h"
#include "registry/registry_abi.h"

namespace schedhint {
namespace {

constexpr uint32_t kDefaultSize = 4;
constexpr uint32_t kLargestSize = 64;  // of a larger pool not all are met
// How long a thread of the pool waits for the others: work that is queued behind waits as long.
constexpr uint64_t kPatienceNs = 2000000;
constexpr uint32_t kFirstIntervalMs = 1000;
constexpr uint32_t kLongestIntervalMs = 30000;
constexpr uint32_t kTries = 6;
// Of a process with one isolate and without a pool: its main thread, four of V8's and one for their
// delayed tasks, one that waits for a signal to the inspector.
constexpr uint32_t kOtherThreads = 7;

// As libuv reads it when it starts the pool. (The main thread's environment is the process's.)
uint32_t PoolSize() {
  const char* text = std::getenv("UV_THREADPOOL_SIZE");
  if (text == nullptr) return kDefaultSize;
  int size = std::atoi(text);
  return std::clamp<uint32_t>(size < 1 ? 1 : static_cast<uint32_t>(size), 1, kLargestSize);
}

// By the links of their directory, of which two are not theirs. 0: not known.
uint32_t CountThreads() {
  struct stat tasks;
  bool is_known = stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 2;
  return is_known ? static_cast<uint32_t>(tasks.st_nlink - 2) : 0;
}

// A thread that carries out an item is one of the pool's, whether it meets the others or not.
class Meeting {
 public:
  explicit Meeting(uint32_t size) : size_(size) {}

  // On a thread of the pool.
  void Attend() {
    uint32_t place = arrived_.fetch_add(1);
    tids_[place] = static_cast<int32_t>(syscall(SYS_gettid));
    if (place + 1 == size_) return End();
    uint64_t until = MonotonicNow(0) + kPatienceNs;
    while (is_over_ == 0) {
      uint64_t now = MonotonicNow(0);
      if (now >= until) return End();
      timespec left = {0, static_cast<long>(until - now)};
      syscall(SYS_futex, &is_over_, FUTEX_WAIT_PRIVATE, 0, &left, nullptr, 0);
    }
  }

  // Afterwards. Whether all have met.
  bool Tell() {
    std::sort(tids_, tids_ + arrived_);
    int32_t* end = std::unique(tids_, tids_ + arrived_);
    uint32_t count = static_cast<uint32_t>(end - tids_);
    SharedRegistry().pool_threads(tids_, count);
    return count == size_;
  }

 private:
  void End() {
    is_over_ = 1;
    syscall(SYS_futex, &is_over_, FUTEX_WAKE_PRIVATE, static_cast<int>(size_), nullptr, nullptr, 0);
  }

  const uint32_t size_;
  std::atomic<uint32_t> arrived_{0};
  std::atomic<uint32_t> is_over_{0};
  int32_t tids_[kLargestSize] = {};
};

struct Item {
  Meeting* meeting;
  napi_async_work work;
};

// The main thread's alone.
uint32_t others = 0;  // that were there at first, kOtherThreads at most; 0: not known yet
uint32_t items_under_way = 0;
uint32_t tries = 0;
bool has_met = false;
uint32_t interval_ms = 0;

void Complete(napi_env env, napi_status, void* data) {
  Item* item = static_cast<Item*>(data);
  Meeting* meeting = item->meeting;
  napi_delete_async_work(env, item->work);
  delete item;
  if (--items_under_way > 0) return;
  has_met |= meeting->Tell();
  delete meeting;
}

void Call(Napi::Env env, uint32_t size) {
  Meeting* meeting = new Meeting(size);
  Napi::String name = Napi::String::New(env, "schedhint pool");
  tries++;
  for (uint32_t i = 0; i < size; i++) {
    Item* item = new Item{meeting, nullptr};
    auto attend = [](napi_env, void* data) { static_cast<Item*>(data)->meeting->Attend(); };
    if (napi_create_async_work(env, nullptr, name, attend, Complete, item, &item->work) ==
        napi_ok) {
      if (napi_queue_async_work(env, item->work) == napi_ok) {
        items_under_way++;
        continue;
      }
      napi_delete_async_work(env, item->work);
    }
    delete item;
  }
  if (items_under_way == 0) delete meeting;
}

// Whether the pool's threads are there, as far as the number of all threads shows: an item would
// start them. The pool starts all of them together.
bool HasPool(uint32_t size) {
  uint32_t threads = CountThreads();
  if (others == 0) others = std::min(threads, kOtherThreads);
  return threads != 0 && threads >= others + size;
}

// When to call again, in ms; 0: not before the status changes.
Napi::Value MeetPool(const Napi::CallbackInfo& info) {
  uint32_t next_ms = 0;
  bool is_main = syscall(SYS_gettid) == getpid();
  if (is_main && !has_met && tries < kTries && SharedRegistry().wants_pool_threads() != 0) {
    uint32_t size = PoolSize();
    bool is_there = HasPool(size);
    bool is_first = interval_ms == 0;  // the app is about to start
    if (is_there && !is_first && items_under_way == 0) Call(info.Env(), size);
    interval_ms = std::clamp(2 * interval_ms, kFirstIntervalMs, kLongestIntervalMs);
    next_ms = interval_ms;
  }
  return Napi::Number::New(info.Env(), next_ms);
}

}  // namespace

void ExportPoolMeeting(std::vector<napi_property_descriptor>* exports) {
  exports->push_back(Exported<MeetPool>("meetPool"));
}

}  // namespace schedhint
