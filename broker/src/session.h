#pragma once
// Serves one client's requests, from OPEN to the end of its connection. Holds its map, its memories
// and its bound threads.

#include <schedhint/schedhint_broker.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "account.h"
#include "descriptor_origin.h"
#include "event_loop.h"
#include "kernel/slot.h"
#include "process_identity.h"
#include "quarantine.h"
#include "served_maps.h"

namespace schedhint::broker {

class Session;

// Which session a thread's element in a map is of. Two connections of one process may bind the same
// thread: the later replaces, and the earlier's end must not delete the later's element.
using Owners = std::map<std::pair<uint32_t, ino_t>, Session*>;  // by map id and pidfd inode

// What all sessions share.
struct Desk {
  EventLoop* loop;
  const ServedMaps* maps;
  Owners* owners;
  Quarantine* quarantine;
};

// A descriptor that came with a request. One of a foreign file system has been taken away already.
struct Handed {
  Origin origin = Origin::kForeign;
  Descriptor fd;
};

class Session {
 public:
  Session(const Desk& desk, Peer peer, std::shared_ptr<Payer> payer);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();  // deletes every element that is its own

  // Null, and `answer` filled in; or what is wrong with the client, which ends the connection.
  const char* Handle(const schedhint_broker_request& request, Handed handed,
                     schedhint_broker_answer* answer);

  const Peer& peer() const { return peer_; }
  // Of the pin that it has asked for, offered or not.
  bool Wants(const std::string& path) const { return is_open_ && path == path_; }
  // "pid=1 uid=2 cgroup=..." for the log.
  std::string Name() const;

 private:
  // A thread with an element of ours. Its descriptor says when it has ended.
  struct Thread final : EventSource {
    void OnReady(uint32_t) override { session->Drop(inode); }  // deletes this

    Session* session;
    ino_t inode;
    Descriptor pidfd;
    bool is_bound = false;
    std::vector<Pointer> pointers;
  };

  void Open(const schedhint_broker_request& request, schedhint_broker_answer* answer);
  const char* AddMemory(const schedhint_broker_request& request, const Handed& handed,
                        schedhint_broker_answer* answer);
  const char* Bind(const schedhint_broker_request& request, Handed handed,
                   schedhint_broker_answer* answer);
  void Unbind(const Handed& handed, schedhint_broker_answer* answer);

  // Whether it is a thread of the peer, by reasons of the protocol.
  schedhint_broker_reason CheckThread(const Handed& handed, ino_t* inode);
  schedhint_broker_reason FindPointers(const schedhint_broker_request& request,
                                       std::vector<uint8_t>* value, std::vector<Pointer>* pointers);
  Thread* FindOrAdd(ino_t inode, Handed* handed);
  // Deletes the element: 0, also if it was deleted already, or -errno.
  int Delete(int pidfd);
  // Another session has replaced the element, or the thread has ended.
  void Forget(ino_t inode);
  void Drop(ino_t inode);

  const Desk desk_;
  const Peer peer_;
  const std::shared_ptr<Payer> payer_;
  bool is_open_ = false;
  std::string path_;
  schedhint_broker_answer refusal_ = {};  // of OPEN, when there is no map for it
  std::shared_ptr<const OpenMap> map_;
  std::vector<schedhint_slot> slots_;
  std::map<uint32_t, std::shared_ptr<Memory>> memories_;  // by their numbers
  std::map<ino_t, std::unique_ptr<Thread>> threads_;
};

}  // namespace schedhint::broker
