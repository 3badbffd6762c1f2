#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>

#include "kernel/block_size.h"
#include "kernel/map_check.h"
#include "log.h"

namespace schedhint::broker {
namespace {

void Refuse(const schedhint_status& status, schedhint_broker_answer* answer) {
  answer->reason = SCHEDHINT_BROKER_KERNEL;
  answer->step = status.step;
  answer->error = status.error;
  answer->detail = status.detail;
  answer->found = status.found;
}

}  // namespace

Session::Session(const Desk& desk, Peer peer, std::shared_ptr<Payer> payer)
    : desk_(desk), peer_(std::move(peer)), payer_(std::move(payer)) {}

Session::~Session() {
  while (!threads_.empty()) Drop(threads_.begin()->first);
  for (const auto& [number, memory] : memories_) memory->Unmap();
  payer_->Return(kMemories, static_cast<uint32_t>(memories_.size()));
}

std::string Session::Name() const {
  return Format("pid=%u uid=%u cgroup=%s", peer_.tgid, peer_.uid, Quoted(peer_.cgroup).c_str());
}

const char* Session::Handle(const schedhint_broker_request& request, Handed handed,
                            schedhint_broker_answer* answer) {
  if (is_open_ == (request.kind == SCHEDHINT_BROKER_OPEN)) {
    return is_open_ ? "a second OPEN" : "no OPEN";
  }
  if (request.kind == SCHEDHINT_BROKER_OPEN) {
    Open(request, answer);
    return nullptr;
  }
  if (map_ == nullptr) {
    // It was sent before the refusal had been read.
    auto kind = answer->kind;
    auto id = answer->id;
    *answer = refusal_;
    answer->kind = kind;
    answer->id = id;
    return nullptr;
  }
  switch (request.kind) {
    case SCHEDHINT_BROKER_MEMORY:
      return AddMemory(request, handed, answer);
    case SCHEDHINT_BROKER_BIND:
      return Bind(request, std::move(handed), answer);
    default:
      Unbind(handed, answer);
      return nullptr;
  }
}

void Session::Open(const schedhint_broker_request& request, schedhint_broker_answer* answer) {
  is_open_ = true;
  path_ = request.open.path;
  const ServedMap* served = desk_.maps->Find(path_);
  if (served == nullptr) {
    answer->reason = SCHEDHINT_BROKER_MAP_NOT_OFFERED;
  } else if (served->map == nullptr) {
    Refuse(Failed(SCHEDHINT_STEP_OPEN_MAP, served->error), answer);
  } else {
    for (uint32_t i = 0; i < request.open.slot_count; i++) {
      const schedhint_broker_slot& slot = request.open.slots[i];
      slots_.push_back({slot.offset, slot.size, SCHEDHINT_OWNER_THREAD, -1, -1});
    }
    MapInfo info;
    schedhint_status status =
        CheckMap(served->map->fd.get(), request.open.value_size, slots_, &info);
    if (status.step == SCHEDHINT_STEP_NONE) {
      map_ = served->map;
      answer->map_id = info.id;
    } else {
      Refuse(status, answer);
    }
  }
  refusal_ = *answer;
}

const char* Session::AddMemory(const schedhint_broker_request& request, const Handed& handed,
                               schedhint_broker_answer* answer) {
  if (memories_.count(request.memory.number) != 0) return "memory number";
  if (!payer_->Take(kMemories, 1)) {
    answer->reason = SCHEDHINT_BROKER_LIMIT;
    return nullptr;
  }
  std::shared_ptr<Memory> memory;
  if (handed.origin == Origin::kMemfd) memory = Memory::Map(handed.fd.get(), payer_);
  if (memory == nullptr) {
    payer_->Return(kMemories, 1);
    answer->reason = SCHEDHINT_BROKER_BAD_MEMORY;
  } else {
    memories_[request.memory.number] = std::move(memory);
  }
  return nullptr;
}

schedhint_broker_reason Session::CheckThread(const Handed& handed, ino_t* inode) {
  Task thread, peer;
  struct stat file;
  if (handed.origin != Origin::kPidfd || fstat(handed.fd.get(), &file) != 0 ||
      (fcntl(handed.fd.get(), F_GETFL) & O_EXCL) == 0 ||  // PIDFD_THREAD
      ReadTask(handed.fd.get(), &thread) != 0) {
    return SCHEDHINT_BROKER_NOT_A_THREAD;
  }
  // In this order: as long as the peer is there no other process gets its number, so the number
  // that was read of the thread is the peer's own.
  if (ReadTask(peer_.pidfd.get(), &peer) != 0 || thread.tgid != peer.tgid ||
      peer.uid != peer_.uid) {
    LogClient(peer_.uid, Format("event=foreign-thread %s tid=%u tgid=%u", Name().c_str(),
                                thread.tid, thread.tgid));
    return SCHEDHINT_BROKER_FOREIGN_THREAD;
  }
  *inode = file.st_ino;
  return SCHEDHINT_BROKER_DONE;
}

schedhint_broker_reason Session::FindPointers(const schedhint_broker_request& request,
                                              std::vector<uint8_t>* value,
                                              std::vector<Pointer>* pointers) {
  for (uint32_t i = 0; i < request.bind.pointer_count; i++) {
    const schedhint_broker_pointer& pointer = request.bind.pointers[i];
    if (pointer.memory == 0) continue;
    auto found = memories_.find(pointer.memory);
    if (found == memories_.end()) return SCHEDHINT_BROKER_BAD_POINTER;
    const std::shared_ptr<Memory>& memory = found->second;
    uint64_t address = memory->Address(pointer.offset, BlockSize(slots_[i].size));
    // An unaligned one would crash the kernel if a BPF program used an atomic operation on it.
    if (address == 0 || pointer.offset % kSmallestBlock != 0) return SCHEDHINT_BROKER_BAD_POINTER;
    uint32_t page = pointer.offset / PageSize();
    if (!memory->Point(page)) return SCHEDHINT_BROKER_LIMIT;
    pointers->emplace_back(memory, page);
    std::memcpy(value->data() + slots_[i].offset, &address, sizeof(address));
  }
  return SCHEDHINT_BROKER_DONE;
}

// Null: over a limit.
Session::Thread* Session::FindOrAdd(ino_t inode, Handed* handed) {
  auto found = threads_.find(inode);
  if (found != threads_.end()) return found->second.get();
  if (!payer_->Take(kThreads, 1)) return nullptr;
  auto thread = std::make_unique<Thread>();
  thread->session = this;
  thread->inode = inode;
  thread->pidfd = std::move(handed->fd);
  if (desk_.loop->Add(thread->pidfd.get(), EPOLLIN, thread.get()) != 0) {
    payer_->Return(kThreads, 1);
    return nullptr;
  }
  return (threads_[inode] = std::move(thread)).get();
}

const char* Session::Bind(const schedhint_broker_request& request, Handed handed,
                          schedhint_broker_answer* answer) {
  if (request.bind.pointer_count != slots_.size()) return "pointer count";
  ino_t inode;
  std::vector<uint8_t> value(map_->info.value_size);
  std::vector<Pointer> pointers;
  schedhint_broker_reason reason = CheckThread(handed, &inode);
  if (reason == SCHEDHINT_BROKER_DONE) reason = FindPointers(request, &value, &pointers);
  Thread* thread = nullptr;
  if (reason == SCHEDHINT_BROKER_DONE && (thread = FindOrAdd(inode, &handed)) == nullptr) {
    reason = SCHEDHINT_BROKER_LIMIT;
  }
  if (reason != SCHEDHINT_BROKER_DONE) {
    answer->reason = reason;
    return nullptr;
  }
  if (int error = UpdateElement(map_->fd.get(), thread->pidfd.get(), value.data())) {
    if (!thread->is_bound) Forget(inode);
    Refuse(Failed(SCHEDHINT_STEP_UPDATE, error), answer);
    return nullptr;
  }
  Session*& owner = (*desk_.owners)[{map_->info.id, inode}];
  Session* previous = std::exchange(owner, this);
  if (previous != nullptr && previous != this) previous->Forget(inode);
  thread->is_bound = true;
  thread->pointers.swap(pointers);
  desk_.quarantine->Put(std::move(pointers));
  return nullptr;
}

void Session::Unbind(const Handed& handed, schedhint_broker_answer* answer) {
  ino_t inode;
  if (auto reason = CheckThread(handed, &inode)) {
    answer->reason = reason;
    return;
  }
  auto owner = desk_.owners->find({map_->info.id, inode});
  if (owner != desk_.owners->end() && owner->second != this) return;  // replaced: nothing is ours
  // An element without an owner is left of a broker that was killed.
  if (int error = Delete(handed.fd.get())) {
    Refuse(Failed(SCHEDHINT_STEP_UPDATE, error), answer);
    return;
  }
  Forget(inode);
}

int Session::Delete(int pidfd) {
  int error = DeleteElement(map_->fd.get(), pidfd);
  return error == -ENOENT || error == -ESRCH ? 0 : error;
}

void Session::Forget(ino_t inode) {
  auto found = threads_.find(inode);
  if (found == threads_.end()) return;
  auto owner = desk_.owners->find({map_->info.id, inode});
  if (owner != desk_.owners->end() && owner->second == this) desk_.owners->erase(owner);
  Thread& thread = *found->second;
  desk_.loop->Remove(thread.pidfd.get(), &thread);
  desk_.quarantine->Put(std::move(thread.pointers));
  payer_->Return(kThreads, 1);
  threads_.erase(found);
}

void Session::Drop(ino_t inode) {
  if (int error = Delete(threads_.at(inode)->pidfd.get())) {
    LogOwn("error", "event=element-left " + Name() + " error=" + ErrnoName(error));
  }
  Forget(inode);
}

}  // namespace schedhint::broker
