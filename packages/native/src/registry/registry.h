#pragma once
// Keeps the bindings of this process: its JavaScript threads, the maps they are bound to, and
// the blocks that the kernel has pinned for them. The key of a binding is (thread, map).
//
// One lock guards all of it. Nothing under the lock calls into V8 or Node.js, so a collection can't
// wait for it; the GC hook itself takes no lock, since it runs on the thread that owns it.

#include <pthread.h>
#include <sys/types.h>

#include <memory>
#include <mutex>
#include <vector>

#include "channel/binding.h"
#include "channel/channel.h"
#include "channel/tld.h"
#include "channel/undeleted_elements.h"
#include "memory/page_pool.h"
#include "registry/helper_search.h"
#include "registry/registry_abi.h"
#include "registry/started_workers.h"
#include "registry/thread.h"
#include "watcher/map_watcher.h"

namespace schedhint {

class Registry {
 public:
  Registry();

  schedhint_binding* Attach(const schedhint_channel_spec& spec, uint64_t thread_id, bool own_thread,
                            schedhint_status* status);
  void Release(schedhint_binding* binding);
  schedhint_status Status(schedhint_binding* binding);
  uint8_t* BlockOf(schedhint_binding* binding, uint32_t slot, uint32_t* size);
  bool StartGc(schedhint_binding* binding, const schedhint_gc_layout& layout);
  void StopGc(schedhint_binding* binding);
  int TldKeys(const schedhint_tld_key* keys, size_t count, uint32_t dynamic_bytes,
              uint32_t* offsets);
  int32_t TldRoom();
  void ThreadEnds();
  // `listener` is called, on the watcher's thread, that some binding's status may have changed.
  void Listen(schedhint_listener listener, void* data);
  void Unlisten(schedhint_listener listener, void* data);
  // Looks, if that is due, whether a map can come where none could. Returns when to call again, in
  // ms; 0: the listeners will tell when that is needed again.
  uint32_t Glance();
  // From now on the process's helper threads get elements in the binding's map, as they are found.
  void FindHelpers(schedhint_binding* binding, const schedhint_helpers_layout& layout);
  // Whether it would be of use to know the threads of libuv's pool, which have no names.
  bool WantsPoolThreads();
  void AddPoolThreads(const pid_t* tids, size_t count);
  void WorkerOnline(uint64_t thread_id);
  void WorkerEnded(uint64_t thread_id);
  uint32_t UnreachedWorkers();
  schedhint_counts Counts();
  int64_t time_namespace_offset() const { return time_offset_; }

 private:
  Thread* Current() const {
    return key_error_ != 0 ? nullptr : static_cast<Thread*>(pthread_getspecific(current_thread_));
  }
  void SetCurrent(Thread* thread) { pthread_setspecific(current_thread_, thread); }
  Thread* CurrentThread(uint64_t id);
  Channel* FindChannel(const schedhint_channel_spec& spec, schedhint_status* status);
  PagePool* PoolFor(const schedhint_channel_spec& spec);
  Channel* ChannelOfMap(uint32_t map_id, const Channel* other_than);
  Channel::IsUsed IsUsedBeside(const Channel* channel);
  schedhint_binding* FindBinding(Channel* channel, Thread* thread, schedhint_status* status);
  bool TakeBlocks(Channel* channel, Thread* thread, HeldBlockSet* blocks);
  bool TakeTldBlocks(Channel* channel, TldBlocks* threads, HeldBlockSet* blocks);
  // What is due, on the watcher's thread; returns when it has to be called again.
  uint64_t DoChores();
  // After blocks may have been returned, or elements could not be deleted.
  void WakeForChores();
  void Bind(schedhint_binding* binding);
  void BindTld(schedhint_binding* binding);
  Outlook LookAtMaps();
  bool HearBrokers();
  bool IsLookDue() const;
  bool MayChange() const;
  bool HasChanged() const;
  bool IsShort() const;
  bool WantsHelpers();
  void TakeNamed(const std::vector<HelperThread>& named);
  // Whether a status has changed.
  bool BindAllAndTell();
  void Tell();
  void CloseUnusedKey(Thread* thread);
  void CloseUnusedSockets();
  void Watch();
  void End(schedhint_binding* binding);
  void Free(schedhint_binding* binding);
  void FreeIfUnused(Channel* channel);
  void FreeIfUnused(Thread* thread);

  std::mutex mutex_;
  std::vector<std::unique_ptr<PagePool>> pools_;  // of one channel each; never freed
  PagePool tld_pool_;                             // its programs are given whole pages
  TldMetadata tld_{&tld_pool_};
  Threads threads_;
  std::vector<std::unique_ptr<Channel>> channels_;
  // Of channels that have gone, whose elements the broker has not deleted yet.
  std::vector<std::unique_ptr<BrokeredMap>> unsettled_;
  UndeletedElements undeleted_;
  uint32_t bindings_ = 0;
  int64_t time_offset_;
  std::vector<std::pair<schedhint_listener, void*>> listeners_;
  StartedWorkers workers_;
  HelperSearch helper_search_;         // the watcher's thread's
  std::vector<HelperThread> helpers_;  // that are known
  std::vector<pid_t> met_;             // of them the threads of libuv's pool that have no names
  MapWatcher watcher_;
  bool is_watched_ = false;    // the watcher looks, until it finds that there is nothing to look at
  bool must_look_ = false;     // at the next look, whatever the pins' stamps tell
  bool is_unsettled_ = false;  // something of a broker's has to be asked for again
  uint64_t looked_ = 0;
  uint64_t next_glance_ = 0;
  uint64_t glance_interval_ = 0;
  // Not thread_local: a thread's first use of a library's allocates, which costs more than the rest
  // of an attach's books.
  pthread_key_t current_thread_;
  int key_error_;  // why the key is missing, or 0
};

}  // namespace schedhint
