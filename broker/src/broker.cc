#include "broker.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>

#include "kernel/monotonic_clock.h"
#include "log.h"

namespace schedhint::broker {
namespace {

constexpr int kAcceptsAtOnce = 16;
constexpr uint64_t kSecond = 1000000000;
// A token bucket limits how often the pins are looked at; it refills ten times a second.
constexpr uint64_t kLookCost = kSecond / 10;
constexpr uint64_t kLooksAtOnce = 8;
constexpr uint32_t kNobody = UINT32_MAX - 1;  // a user that is not known
constexpr int kLookEveryMs = 1000;            // where the kernel can't tell us

int Sooner(int one_ms, int other_ms) {
  if (one_ms < 0 || other_ms < 0) return std::max(one_ms, other_ms);
  return std::min(one_ms, other_ms);
}

void SendEnd(int socket, schedhint_broker_reason reason) {
  schedhint_broker_answer answer = EndAnswer(reason);
  (void)!send(socket, &answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

Broker::Broker(const Options& options)
    : cgroup_depth_(options.cgroup_depth),
      closer_(new DescriptorCloser),
      accounts_(options.limits),
      quarantine_(options.hold_ns),
      maps_(options.maps) {
  pin_source_.broker = this;
}

bool Broker::Start(int listener) {
  const char* step = nullptr;
  int error = 0;
  pin_events_.Open();
  spare_.Reset(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!loop_.Open()) {
    step = "epoll";
    error = errno;
  } else if (!origins_.Learn()) {
    step = "pidfd";
    error = errno;
  } else if ((error = closer_->Start(&loop_)) != 0) {
    step = "closer";
  } else if ((error = loop_.Add(listener, EPOLLIN, this)) != 0) {
    step = "listener";
  }
  if (step != nullptr) {
    LogOwn("error", Format("event=start-failed step=%s error=%s", step, ErrnoName(error).c_str()));
    return false;
  }
  listener_ = listener;
  Look();
  if (pin_events_.mounts_fd() >= 0) {
    loop_.Add(pin_events_.mounts_fd(), EPOLLPRI | EPOLLONESHOT, &pin_source_);
  }
  if (pin_events_.inotify_fd() >= 0) {
    loop_.Add(pin_events_.inotify_fd(), EPOLLIN | EPOLLONESHOT, &pin_source_);
  }
  return true;
}

void Broker::RunOnce(int timeout_ms) {
  loop_.RunOnce(Sooner(timeout_ms, Timeout()));
  quarantine_.Reap();
  uint64_t now = MonotonicNow(0);
  if (pin_events_.must_look_regularly() && now >= looked_ + kLookEveryMs * (kSecond / 1000)) {
    wants_look_ = true;
  }
  if (wants_look_ && now + kLooksAtOnce * kLookCost >= looks_paid_until_ + kLookCost) {
    looks_paid_until_ = std::max(now, looks_paid_until_) + kLookCost;
    Look();
  }
  connections_.remove_if([](const auto& connection) { return connection->has_ended(); });
}

int Broker::Timeout() const {
  int timeout = quarantine_.Timeout();
  if (wants_look_) timeout = Sooner(timeout, static_cast<int>(kLookCost / 1000000));
  if (pin_events_.must_look_regularly()) timeout = Sooner(timeout, kLookEveryMs);
  return timeout;
}

void Broker::Look() {
  wants_look_ = false;
  looked_ = MonotonicNow(0);
  pin_events_.Watch(maps_.Paths());
  loop_.Rearm(pin_events_.inotify_fd(), EPOLLIN | EPOLLONESHOT, &pin_source_);
  loop_.Rearm(pin_events_.mounts_fd(), EPOLLPRI | EPOLLONESHOT, &pin_source_);
  maps_.Look([this](const ServedMap& served) {
    for (const auto& connection : connections_) {
      if (connection->Wants(served.path)) connection->End(SCHEDHINT_BROKER_DONE);
    }
  });
}

void Broker::Stop() {
  for (const auto& connection : connections_) connection->End(SCHEDHINT_BROKER_DONE);
  connections_.clear();
}

void Broker::OnReady(uint32_t) {
  for (int i = 0; i < kAcceptsAtOnce && Accept(); i++) {
  }
}

bool Broker::Accept() {
  Descriptor socket(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.is_open()) {
    if (errno != EMFILE && errno != ENFILE) return false;
    // Without a descriptor to take it with it would wait, and wake us, forever.
    spare_.Reset(-1);
    socket.Reset(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    SendEnd(socket.get(), SCHEDHINT_BROKER_LIMIT);
    socket.Reset(-1);
    spare_.Reset(open("/dev/null", O_RDONLY | O_CLOEXEC));
    LogClient(kNobody, "event=connection-refused reason=descriptors");
    return true;
  }
  Peer peer;
  if (int error = IdentifyPeer(socket.get(), cgroup_depth_, &peer)) {
    LogClient(kNobody, "event=connection-refused reason=peer error=" + ErrnoName(error));
    return true;
  }
  auto payer = std::make_shared<Payer>(&accounts_, peer.uid, peer.cgroup);
  if (!payer->Take(kConnections, 1)) {
    SendEnd(socket.get(), SCHEDHINT_BROKER_LIMIT);
    LogClient(peer.uid, Format("event=connection-refused pid=%u uid=%u cgroup=%s reason=limit",
                               peer.tgid, peer.uid, Quoted(peer.cgroup).c_str()));
    return true;
  }
  Desk desk = {&loop_, &maps_, &owners_, &quarantine_};
  connections_.push_back(std::make_unique<Connection>(desk, origins_, closer_, std::move(socket),
                                                      std::move(peer), std::move(payer)));
  return true;
}

}  // namespace schedhint::broker
