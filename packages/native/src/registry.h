#pragma once
// Who is bound to what: the JavaScript threads of this process, the maps they are bound to, and the
// blocks that the kernel has pinned for them. The key of a binding is (thread, map).
//
// One lock guards all of it. Nothing under the lock calls into V8 or Node.js, so a collection can't
// wait for it; the GC hook itself takes no lock, since it runs on the thread that owns it.

#include <pthread.h>
#include <sys/types.h>

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "binding.h"
#include "channel.h"
#include "map_watcher.h"
#include "page_pool.h"
#include "registry_abi.h"
#include "thread.h"
#include "tld.h"
#include "undeleted_elements.h"

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
  void ThreadEnds();
  // `listener` is told, on the watcher's thread, that some binding's status may have changed.
  void Listen(schedhint_listener listener, void* data);
  void Unlisten(schedhint_listener listener, void* data);
  // Workers tell nothing of themselves unless they attach, so who starts them does.
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
  LookAgain LookAtMaps();
  LookAgain HearBrokers();
  bool IsShort() const;
  void BindAllAndTell();
  void WatchPins();
  void End(schedhint_binding* binding);
  void Free(schedhint_binding* binding);
  void FreeIfUnused(Channel* channel);
  void FreeIfUnused(Thread* thread);

  std::mutex mutex_;
  PagePool pool_;
  PagePool tld_pool_;  // its programs are given whole pages
  TldMetadata tld_{&tld_pool_};
  Threads threads_;
  std::vector<std::unique_ptr<Channel>> channels_;
  // Of channels that have gone, whose elements the broker has not deleted yet.
  std::vector<std::unique_ptr<BrokeredMap>> unsettled_;
  UndeletedElements undeleted_;
  std::vector<std::string> watched_;
  uint32_t bindings_ = 0;
  int64_t time_offset_;
  std::vector<std::pair<schedhint_listener, void*>> listeners_;
  std::unordered_map<uint64_t, pid_t> workers_;  // that run, and the thread that has started each
  MapWatcher watcher_;
  // Not thread_local: a thread's first use of a library's allocates, which costs more than the rest
  // of an attach's books.
  pthread_key_t current_thread_;
  int key_error_;  // why there is none, or 0
};

}  // namespace schedhint
