#pragma once
// Sends requests to schedhint-broker and receives the answers, over one connection. Never blocks.

#include <schedhint/schedhint_broker.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

namespace schedhint {

// The descriptor that goes with a request. A thread's is opened when the request's turn comes, so
// that a thousand requests need no thousand descriptors. A memory's is closed when it has been
// sent, or never will be.
struct Passenger {
  enum class Kind { kNone, kThread, kMemory } kind = Kind::kNone;
  pid_t tid = 0;
  int memory_fd = -1;
};

class BrokerSocket {
 public:
  BrokerSocket() = default;
  ~BrokerSocket() { Close(); }
  BrokerSocket(const BrokerSocket&) = delete;
  BrokerSocket& operator=(const BrokerSocket&) = delete;

  // 0, or -errno.
  int Connect(const std::string& path);
  // Makes an epoll descriptor readable when there is something to receive, or room to send again.
  // 0, or -errno.
  int Watch(int events_fd);
  void Close();
  bool is_open() const { return fd_ >= 0; }

  // Queues it, and takes over the passenger's descriptor. All moving of bytes is left to the caller
  // that waits on `events_fd`.
  void Send(const schedhint_broker_request& request, const Passenger& passenger);
  // Takes in what has come, and sends what waits, as long as few requests are under way. False when
  // the connection has ended.
  bool Move(const std::function<void(const schedhint_broker_answer&)>& on_answer);

 private:
  struct Outgoing {
    schedhint_broker_request request;
    Passenger passenger;
  };

  bool Receive(const std::function<void(const schedhint_broker_answer&)>& on_answer);
  bool SendWaiting(const std::function<void(const schedhint_broker_answer&)>& on_answer);
  ssize_t SendSome(const Outgoing& next, int passenger_fd);
  static void CloseMemory(Outgoing* outgoing);
  void WaitForRoom(bool wanted);

  int fd_ = -1;
  int events_fd_ = -1;
  bool waits_for_room_ = false;
  std::deque<Outgoing> waiting_;
  size_t sent_ = 0;  // bytes of the first of them; its passenger went with the first byte
  size_t unanswered_ = 0;
  schedhint_broker_answer incoming_;
  size_t received_ = 0;  // bytes of it
};

}  // namespace schedhint
