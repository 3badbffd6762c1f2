#pragma once
// Reads requests, with their descriptors, from one client's socket and sends the answers. Never
// blocks.

#include <sys/socket.h>

#include <memory>

#include "descriptor_closer.h"
#include "request.h"
#include "session.h"

namespace schedhint::broker {

// That the connection ends, and why. `version`: of the protocol that the client speaks.
schedhint_broker_answer EndAnswer(schedhint_broker_reason reason,
                                  unsigned version = SCHEDHINT_BROKER_VERSION);

// Counts as a connection for as long as it or a descriptor of a foreign file system that came over
// it is open.
class ConnectionSlot {
 public:
  explicit ConnectionSlot(std::shared_ptr<Payer> payer) : payer_(std::move(payer)) {}
  ConnectionSlot(const ConnectionSlot&) = delete;
  ConnectionSlot& operator=(const ConnectionSlot&) = delete;
  ~ConnectionSlot() { payer_->Return(kConnections, 1); }

 private:
  std::shared_ptr<Payer> payer_;
};

class Connection final : public EventSource {
 public:
  // `slot` is paid for.
  Connection(const Desk& desk, const DescriptorOrigins& origins, DescriptorCloser* closer,
             Descriptor socket, Peer peer, std::shared_ptr<Payer> payer);
  ~Connection();

  void OnReady(uint32_t events) override;
  // Deletes its elements and informs the client. The broker takes it away at the end of its
  // round.
  void End(schedhint_broker_reason reason, unsigned version = SCHEDHINT_BROKER_VERSION);
  bool has_ended() const { return session_ == nullptr; }
  bool Wants(const std::string& path) const { return session_ != nullptr && session_->Wants(path); }

 private:
  // The peer's own descriptor is readable when the process has ended.
  struct PeerEnd final : EventSource {
    void OnReady(uint32_t) override { connection->End(SCHEDHINT_BROKER_DONE); }
    Connection* connection;
  };

  // False: nothing more to read now, or ended.
  bool Receive();
  void TakeDescriptors(msghdr* message);
  void HandleRequest();
  void Send(const schedhint_broker_answer& answer);
  void Fail(const char* problem);
  void RefuseVersion(unsigned version);

  const Desk desk_;
  const DescriptorOrigins& origins_;
  DescriptorCloser* const closer_;
  Descriptor socket_;
  PeerEnd peer_end_;
  std::shared_ptr<ConnectionSlot> slot_;
  std::unique_ptr<Session> session_;
  alignas(schedhint_broker_request) unsigned char bytes_[kRequestBytes];
  size_t filled_ = 0;
  unsigned descriptors_ = 0;  // that came with these bytes
  Handed handed_;             // the first of them
};

}  // namespace schedhint::broker
