#include "channel/brokered_map.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "watcher/map_watcher.h"

namespace schedhint {
namespace {

bool HasEnded(pid_t tid) {
  return syscall(SYS_tgkill, getpid(), tid, 0) != 0 && errno == ESRCH;
}

// Whether no program finds the blocks through the thread's element after this answer. The element
// may have gone without the broker, e.g. with the thread.
bool IsUnbound(const schedhint_broker_answer& answer) {
  switch (answer.reason) {
    case SCHEDHINT_BROKER_DONE:
    case SCHEDHINT_BROKER_FOREIGN_THREAD:  // ours has ended, and its number is another's now
    case SCHEDHINT_BROKER_NOT_A_THREAD:
      return true;
    default:
      return answer.error == ESRCH || answer.error == ENOENT;
  }
}

}  // namespace

BrokeredMap::BrokeredMap(std::string socket, std::string pin, uint32_t value_size,
                         std::vector<schedhint_slot> slots, PagePool* pool, MapWatcher* watcher)
    : socket_path_(std::move(socket)),
      pin_(std::move(pin)),
      value_size_(value_size),
      slots_(std::move(slots)),
      pool_(pool),
      watcher_(watcher) {}

bool BrokeredMap::IsFor(const std::string& socket, const std::string& pin, uint32_t value_size,
                        const std::vector<schedhint_slot>& slots) const {
  return socket == socket_path_ && pin == pin_ && value_size == value_size_ && slots == slots_;
}

schedhint_status BrokeredMap::Open() {
  if (state_ == State::kOpen) return {};
  if (state_ == State::kRefused) return refusal_;
  if (state_ == State::kClosed) {
    if (pin_.size() >= SCHEDHINT_BROKER_PATH || slots_.size() > SCHEDHINT_BROKER_SLOTS) {
      return Failed(SCHEDHINT_STEP_BROKER_REFUSED, 0, SCHEDHINT_BROKER_MAP_NOT_OFFERED);
    }
    int error = socket_.Connect(socket_path_);
    int sockets = error == 0 ? watcher_->Sockets() : error;
    error = sockets < 0 ? sockets : socket_.Watch(sockets);
    if (error < 0) {
      socket_.Close();
      return Failed(SCHEDHINT_STEP_BROKER_CONNECT, error);
    }
    AskForMap();
    state_ = State::kAsked;
    end_ = {};
  }
  return Failed(SCHEDHINT_STEP_BROKER_ASKED, 0);
}

void BrokeredMap::Close() {
  socket_.Close();
  state_ = State::kClosed;
  memories_.clear();
  memory_refusal_ = {};
  asked_.clear();
}

void BrokeredMap::Refuse(schedhint_status why) {
  state_ = State::kRefused;
  refusal_ = why;
}

uint64_t BrokeredMap::Request(schedhint_broker_request* request, schedhint_broker_kind kind,
                              const Passenger& passenger) {
  request->magic = SCHEDHINT_BROKER_MAGIC;
  request->version = SCHEDHINT_BROKER_VERSION;
  request->kind = kind;
  request->id = ++last_request_;
  uint32_t memory = kind == SCHEDHINT_BROKER_MEMORY ? request->memory.number : 0;
  asked_[request->id] = {kind, passenger.tid, memory};
  socket_.Send(*request, passenger);
  return request->id;
}

void BrokeredMap::AskForMap() {
  schedhint_broker_request request = {};
  request.open.value_size = value_size_;
  request.open.slot_count = static_cast<uint32_t>(slots_.size());
  for (size_t i = 0; i < slots_.size(); i++) {
    request.open.slots[i] = {slots_[i].offset, slots_[i].size};
  }
  std::memcpy(request.open.path, pin_.c_str(), pin_.size());
  Request(&request, SCHEDHINT_BROKER_OPEN, {});
}

// In a dedicated memfd, unless that has been done. 0 and its number, or -errno.
int BrokeredMap::HandOver(const uint8_t* chunk, uint32_t* memory) {
  auto place = std::find(memories_.begin(), memories_.end(), chunk);
  bool is_known = place != memories_.end();
  if (!is_known) place = std::find(memories_.begin(), memories_.end(), nullptr);
  size_t index = static_cast<size_t>(place - memories_.begin());
  *memory = static_cast<uint32_t>(index + 1);
  if (is_known) return 0;
  if (index == SCHEDHINT_BROKER_MEMORIES) return -ENOSPC;
  int fd = pool_->MoveIntoMemfd(chunk);
  if (fd < 0) return fd;
  if (index == memories_.size()) memories_.push_back(nullptr);
  memories_[index] = chunk;
  schedhint_broker_request request = {};
  request.memory.number = *memory;
  Request(&request, SCHEDHINT_BROKER_MEMORY, {Passenger::Kind::kMemory, 0, fd});
  return 0;
}

int BrokeredMap::Bind(pid_t tid, const Element& element, uint64_t* request_id) {
  schedhint_broker_request request = {};
  request.bind.pointer_count = static_cast<uint32_t>(slots_.size());
  for (size_t i = 0; i < slots_.size(); i++) {
    Block block = element.At(i);
    if (block.address == nullptr) continue;
    const uint8_t* chunk = pool_->ChunkOf(block);
    uint32_t memory;
    if (int error = HandOver(chunk, &memory)) return error;
    request.bind.pointers[i] = {memory, static_cast<uint32_t>(block.address - chunk)};
  }
  *request_id = Request(&request, SCHEDHINT_BROKER_BIND, {Passenger::Kind::kThread, tid, -1});
  placed_[tid].push_back({*request_id, map_id_, element});
  to_unbind_.erase(tid);
  return 0;
}

void BrokeredMap::Unbind(pid_t tid) {
  if (placed_.find(tid) == placed_.end()) return;
  to_unbind_.insert(tid);
  if (IsPlacedHere(tid)) AskToUnbind(tid);
}

// In the map that is open, rather than in one that was.
bool BrokeredMap::IsPlacedHere(pid_t tid) const {
  const std::vector<Placed>& placed = placed_.at(tid);
  return is_open() && std::any_of(placed.begin(), placed.end(),
                                  [&](const Placed& one) { return one.map_id == map_id_; });
}

void BrokeredMap::AskToUnbind(pid_t tid) {
  schedhint_broker_request request = {};
  Request(&request, SCHEDHINT_BROKER_UNBIND, {Passenger::Kind::kThread, tid, -1});
}

bool BrokeredMap::Hear(
    const std::function<void(uint64_t request, schedhint_status)>& on_bind_answer) {
  if (!socket_.is_open()) return true;
  bool lives = socket_.Move([this](const schedhint_broker_answer& answer) { Answered(answer); });
  if (!lives) Close();
  // Afterwards, since a listener may ask for more.
  std::vector<std::pair<uint64_t, schedhint_status>> answers = std::move(bind_answers_);
  bind_answers_.clear();
  if (lives) {
    for (auto& [request, status] : answers) on_bind_answer(request, status);
  }
  return lives;
}

void BrokeredMap::Answered(const schedhint_broker_answer& answer) {
  if (answer.kind == SCHEDHINT_BROKER_END) {
    end_ = Meaning(answer);
    return AllUnbound();
  }
  auto found = asked_.find(answer.id);
  if (found == asked_.end() || found->second.kind != answer.kind) return;
  Asked asked = found->second;
  asked_.erase(found);
  switch (asked.kind) {
    case SCHEDHINT_BROKER_OPEN:
      return AnsweredOpen(answer);
    case SCHEDHINT_BROKER_MEMORY:
      return AnsweredMemory(answer, asked.memory);
    case SCHEDHINT_BROKER_BIND:
      return AnsweredBind(answer, asked.tid);
    default:
      return AnsweredUnbind(answer, asked.tid);
  }
}

void BrokeredMap::AnsweredOpen(const schedhint_broker_answer& answer) {
  if (answer.reason != SCHEDHINT_BROKER_DONE) return Refuse(Meaning(answer));
  state_ = State::kOpen;
  map_id_ = answer.map_id;
  for (pid_t tid : to_unbind_) {
    if (IsPlacedHere(tid)) AskToUnbind(tid);
  }
}

void BrokeredMap::AnsweredMemory(const schedhint_broker_answer& answer, uint32_t memory) {
  if (answer.reason == SCHEDHINT_BROKER_DONE) return;
  memory_refusal_ = Meaning(answer);
  memories_[memory - 1] = nullptr;  // the next bind hands it over again
}

void BrokeredMap::AnsweredBind(const schedhint_broker_answer& answer, pid_t tid) {
  schedhint_status status = Meaning(answer);
  bool done = status.step == SCHEDHINT_STEP_NONE;
  DropPlaced(tid, [&](const Placed& placed) {
    if (!done) return placed.request == answer.id;
    return placed.map_id == map_id_ && placed.request < answer.id;
  });
  bind_answers_.push_back({answer.id, status});
}

void BrokeredMap::AnsweredUnbind(const schedhint_broker_answer& answer, pid_t tid) {
  if (!IsUnbound(answer)) return;
  DropPlaced(tid, [&](const Placed& placed) {
    return placed.map_id == map_id_ && placed.request < answer.id;
  });
}

void BrokeredMap::AllUnbound() {
  if (!is_open()) return;
  std::vector<pid_t> threads;
  for (auto& [tid, placed] : placed_) threads.push_back(tid);
  for (pid_t tid : threads) Replaced(tid, map_id_);
}

schedhint_status BrokeredMap::WhyEnded() const {
  return end_.step == SCHEDHINT_STEP_NONE ? Failed(SCHEDHINT_STEP_BROKER_CONNECT, ECONNRESET)
                                          : end_;
}

void BrokeredMap::Replaced(pid_t tid, uint32_t map_id) {
  DropPlaced(tid, [&](const Placed& placed) { return placed.map_id == map_id; });
}

void BrokeredMap::DropPlaced(pid_t tid, const std::function<bool(const Placed&)>& is_gone) {
  auto found = placed_.find(tid);
  if (found == placed_.end()) return;
  std::vector<Placed>& placed = found->second;
  placed.erase(std::remove_if(placed.begin(), placed.end(), is_gone), placed.end());
  if (!placed.empty()) return;
  placed_.erase(found);
  to_unbind_.erase(tid);
}

bool BrokeredMap::Settle() {
  if (to_unbind_.empty()) return false;
  if (state_ == State::kClosed) Open();
  std::unordered_set<pid_t> under_way;
  for (auto& [id, asked] : asked_) {
    if (asked.kind == SCHEDHINT_BROKER_UNBIND) under_way.insert(asked.tid);
  }
  for (auto tid = to_unbind_.begin(); tid != to_unbind_.end();) {
    if (HasEnded(*tid)) {
      placed_.erase(*tid);
      tid = to_unbind_.erase(tid);
      continue;
    }
    if (IsPlacedHere(*tid) && under_way.count(*tid) == 0) AskToUnbind(*tid);
    ++tid;
  }
  return !to_unbind_.empty();
}

schedhint_status BrokeredMap::Meaning(const schedhint_broker_answer& answer) const {
  switch (answer.reason) {
    case SCHEDHINT_BROKER_DONE:
      return {};
    case SCHEDHINT_BROKER_KERNEL:
      return Failed(static_cast<schedhint_step>(answer.step), answer.error, answer.detail,
                    answer.found);
    case SCHEDHINT_BROKER_BAD_POINTER:
      if (memory_refusal_.step != SCHEDHINT_STEP_NONE) return memory_refusal_;
      [[fallthrough]];
    default:
      return Failed(SCHEDHINT_STEP_BROKER_REFUSED, 0, answer.reason, answer.found);
  }
}

}  // namespace schedhint
