#pragma once
// The daemon: accepts connections, watches the pins, and ends what has to end.

#include <list>
#include <memory>

#include "connection.h"
#include "options.h"
#include "pin_events.h"

namespace schedhint::broker {

class Broker final : public EventSource {
 public:
  explicit Broker(const Options& options);
  // False: the log says why. `listener` is a listening, non-blocking Unix socket.
  bool Start(int listener);
  // Waits for events, -1: for as long as it takes, and serves them.
  void RunOnce(int timeout_ms);
  // Looks at the pins, and ends the connections whose map has come or gone.
  void Look();
  // Ends every connection: no element is left.
  void Stop();

  void OnReady(uint32_t events) override;  // somebody connects
  EventLoop& loop() { return loop_; }
  const Accounts& accounts() const { return accounts_; }

 private:
  struct PinSource final : EventSource {
    void OnReady(uint32_t) override { broker->wants_look_ = true; }
    Broker* broker;
  };

  bool Accept();
  int Timeout() const;

  const unsigned cgroup_depth_;
  EventLoop loop_;
  DescriptorOrigins origins_;
  DescriptorCloser* const closer_;  // leaked: its thread may be waiting for a client
  Accounts accounts_;
  Owners owners_;
  Quarantine quarantine_;
  ServedMaps maps_;
  PinEvents pin_events_;
  PinSource pin_source_;
  bool wants_look_ = true;
  uint64_t looks_paid_until_ = 0;
  uint64_t looked_ = 0;
  int listener_ = -1;
  Descriptor spare_;
  std::list<std::unique_ptr<Connection>> connections_;
};

}  // namespace schedhint::broker
