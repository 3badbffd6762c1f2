#pragma once
// A pinned map that schedhint-broker opens for us, since we may not. The other side of
// schedhint_broker.h.
//
// Whatever a request has led, or may have led, a BPF program to is held until an answer says that
// no program finds it any more, over lost connections too.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "channel/broker_socket.h"
#include "kernel/slot.h"
#include "kernel/status.h"
#include "memory/block_set.h"

namespace schedhint {

class MapWatcher;

class BrokeredMap {
 public:
  BrokeredMap(std::string socket, std::string pin, uint32_t value_size,
              std::vector<schedhint_slot> slots, PagePool* pool, MapWatcher* watcher);

  bool IsFor(const std::string& socket, const std::string& pin, uint32_t value_size,
             const std::vector<schedhint_slot>& slots) const;
  // Step none: the map is open. Otherwise how far it is; asks if that has not been done.
  schedhint_status Open();
  // Ends what only another request can find out.
  void Close();
  // The map is one that we may not use after all.
  void Refuse(schedhint_status why);
  bool is_open() const { return state_ == State::kOpen; }
  uint32_t id() const { return is_open() ? map_id_ : 0; }
  // Whether a connection stands, to be ended by the broker when the map comes or goes.
  bool is_connected() const { return socket_.is_open(); }
  const std::string& socket() const { return socket_path_; }
  // In which all blocks lie that it gets.
  PagePool* pool() const { return pool_; }

  // 0 and the number of the request, which an answer will have; or -errno: the blocks can't be
  // shared with the broker.
  int Bind(pid_t tid, const Element& element, uint64_t* request_id);
  void Unbind(pid_t tid);

  // Takes in what the broker has said. False when the connection has just ended, and all bindings
  // with it.
  bool Hear(const std::function<void(uint64_t request, schedhint_status)>& on_bind_answer);
  // Why the connection has ended, as far as the broker has said.
  schedhint_status WhyEnded() const;
  // Another way has led to the map, and the thread's element there is a new one.
  void Replaced(pid_t tid, uint32_t map_id);
  // Sees to the unbindings that no answer has settled: asks again, or finds that the thread has
  // ended. Whether some remain.
  bool Settle();
  // Whether programs may still find blocks of ours through it.
  bool HoldsBlocks() const { return !placed_.empty(); }

 private:
  enum class State { kClosed, kAsked, kOpen, kRefused };

  // An element as a request has put it, or would have.
  struct Placed {
    uint64_t request;
    uint32_t map_id;
    Element element;
  };
  struct Asked {
    schedhint_broker_kind kind;
    pid_t tid;
    uint32_t memory;
  };

  uint64_t Request(schedhint_broker_request* request, schedhint_broker_kind kind,
                   const Passenger& passenger);
  void AskForMap();
  int HandOver(const uint8_t* chunk, uint32_t* memory);
  void AskToUnbind(pid_t tid);
  bool IsPlacedHere(pid_t tid) const;
  void Answered(const schedhint_broker_answer& answer);
  void AnsweredMemory(const schedhint_broker_answer& answer, uint32_t memory);
  void AnsweredOpen(const schedhint_broker_answer& answer);
  void AnsweredBind(const schedhint_broker_answer& answer, pid_t tid);
  void AnsweredUnbind(const schedhint_broker_answer& answer, pid_t tid);
  void AllUnbound();
  void DropPlaced(pid_t tid, const std::function<bool(const Placed&)>& is_gone);
  schedhint_status Meaning(const schedhint_broker_answer& answer) const;

  std::string socket_path_;
  std::string pin_;
  uint32_t value_size_;
  std::vector<schedhint_slot> slots_;
  PagePool* pool_;
  MapWatcher* watcher_;

  BrokerSocket socket_;
  State state_ = State::kClosed;
  schedhint_status refusal_;   // while refused
  schedhint_status end_ = {};  // what the broker has said when it ended the last connection
  uint32_t map_id_ = 0;
  // Handed over on this connection, by their numbers less one: the chunk that has moved into it;
  // null: the number is free.
  std::vector<const uint8_t*> memories_;
  schedhint_status memory_refusal_;  // of one of them
  uint64_t last_request_ = 0;
  std::unordered_map<uint64_t, Asked> asked_;
  std::unordered_map<pid_t, std::vector<Placed>> placed_;
  std::unordered_set<pid_t> to_unbind_;  // until an answer says that it has been done
  std::vector<std::pair<uint64_t, schedhint_status>> bind_answers_;
};

}  // namespace schedhint
