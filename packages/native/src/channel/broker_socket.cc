#include "channel/broker_socket.h"

#include <errno.h>
#include <schedhint/schedhint_status.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "kernel/bpf_syscall.h"

namespace schedhint {
namespace {

constexpr size_t kUnderWay = 64;  // requests without an answer, at most

// Makes an answer to a request that was not sent, because the descriptor of its thread could not be
// opened.
schedhint_broker_answer Unasked(const schedhint_broker_request& request, int error) {
  schedhint_broker_answer answer = {};
  answer.kind = request.kind;
  answer.id = request.id;
  answer.reason = SCHEDHINT_BROKER_KERNEL;
  answer.step = SCHEDHINT_STEP_OPEN_THREAD;
  answer.error = error;
  return answer;
}

// A broker of another version says so in its own, and what else it says can't be relied on.
schedhint_broker_answer EndOfOtherVersion(const schedhint_broker_answer& answer) {
  schedhint_broker_answer end = {};
  end.kind = SCHEDHINT_BROKER_END;
  end.reason = SCHEDHINT_BROKER_OTHER_VERSION;
  end.found = answer.version;
  return end;
}

}  // namespace

int BrokerSocket::Connect(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return -ENAMETOOLONG;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    int error = -errno;
    close(fd);
    return error;
  }
  fd_ = fd;
  return 0;
}

int BrokerSocket::Watch(int events_fd) {
  epoll_event event = {};
  event.events = EPOLLIN;
  if (epoll_ctl(events_fd, EPOLL_CTL_ADD, fd_, &event) != 0) return -errno;
  events_fd_ = events_fd;
  return 0;
}

void BrokerSocket::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  waits_for_room_ = false;
  for (Outgoing& outgoing : waiting_) CloseMemory(&outgoing);
  waiting_.clear();
  sent_ = 0;
  unanswered_ = 0;
  received_ = 0;
}

void BrokerSocket::Send(const schedhint_broker_request& request, const Passenger& passenger) {
  waiting_.push_back({request, passenger});
  if (unanswered_ < kUnderWay) WaitForRoom(true);
}

bool BrokerSocket::Move(const std::function<void(const schedhint_broker_answer&)>& on_answer) {
  return Receive(on_answer) && SendWaiting(on_answer);
}

bool BrokerSocket::Receive(const std::function<void(const schedhint_broker_answer&)>& on_answer) {
  for (;;) {
    ssize_t count = recv(fd_, reinterpret_cast<uint8_t*>(&incoming_) + received_,
                         sizeof(incoming_) - received_, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN;
    if (count == 0) return false;
    received_ += static_cast<size_t>(count);
    if (received_ < sizeof(incoming_)) continue;
    received_ = 0;
    if (incoming_.magic != SCHEDHINT_BROKER_MAGIC) return false;
    if (incoming_.version != SCHEDHINT_BROKER_VERSION) {
      on_answer(EndOfOtherVersion(incoming_));
      return false;
    }
    if (incoming_.id != 0 && unanswered_ > 0) unanswered_--;
    on_answer(incoming_);
  }
}

bool BrokerSocket::SendWaiting(
    const std::function<void(const schedhint_broker_answer&)>& on_answer) {
  while (!waiting_.empty() && unanswered_ < kUnderWay) {
    Outgoing& next = waiting_.front();
    int passenger = next.passenger.memory_fd;
    bool is_thread = sent_ == 0 && next.passenger.kind == Passenger::Kind::kThread;
    if (is_thread) passenger = OpenThread(next.passenger.tid);
    if (is_thread && passenger < 0) {
      schedhint_broker_answer answer = Unasked(next.request, -passenger);
      waiting_.pop_front();
      on_answer(answer);
      continue;
    }
    ssize_t count = SendSome(next, passenger);
    int error = errno;
    if (is_thread) CloseDescriptor(passenger);
    if (count < 0 && error == EINTR) continue;
    if (count < 0 && error != EAGAIN) return false;
    if (count < 0) {
      WaitForRoom(true);
      return true;
    }
    CloseMemory(&next);  // it went with the first byte
    sent_ += static_cast<size_t>(count);
    if (sent_ < sizeof(next.request)) continue;
    sent_ = 0;
    waiting_.pop_front();
    unanswered_++;
  }
  WaitForRoom(false);
  return true;
}

ssize_t BrokerSocket::SendSome(const Outgoing& next, int passenger_fd) {
  iovec bytes = {const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(&next.request)) + sent_,
                 sizeof(next.request) - sent_};
  alignas(cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  if (sent_ == 0 && passenger_fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &passenger_fd, sizeof(int));
  }
  return sendmsg(fd_, &message, MSG_NOSIGNAL);
}

void BrokerSocket::CloseMemory(Outgoing* outgoing) {
  int& fd = outgoing->passenger.memory_fd;
  if (fd >= 0) close(fd);
  fd = -1;
}

void BrokerSocket::WaitForRoom(bool wanted) {
  if (wanted == waits_for_room_) return;
  epoll_event event = {};
  event.events = EPOLLIN;
  if (wanted) event.events |= EPOLLOUT;
  epoll_ctl(events_fd_, EPOLL_CTL_MOD, fd_, &event);
  waits_for_room_ = wanted;
}

}  // namespace schedhint
