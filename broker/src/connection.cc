#include "connection.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>

#include "log.h"

namespace schedhint::broker {
namespace {

constexpr int kRequestsAtOnce = 16;  // of one client, before the next one's turn
constexpr size_t kDescriptorsAtOnce = 4;
constexpr long kForeignAtOnce = 4;  // descriptors of one client that are being closed

const char* KindName(unsigned kind) {
  static const char* const names[] = {"?", "open", "memory", "bind", "unbind"};
  return names[kind];
}

const char* ReasonName(unsigned reason) {
  static const char* const names[] = {"done",       "kernel",     "map-not-offered", "foreign",
                                      "not-thread", "bad-memory", "bad-pointer",     "limit"};
  return names[reason];
}

schedhint_broker_answer AnswerOf(unsigned kind) {
  schedhint_broker_answer answer = {};
  answer.magic = SCHEDHINT_BROKER_MAGIC;
  answer.version = SCHEDHINT_BROKER_VERSION;
  answer.kind = static_cast<__u16>(kind);
  return answer;
}

}  // namespace

schedhint_broker_answer EndAnswer(schedhint_broker_reason reason, unsigned version) {
  schedhint_broker_answer answer = AnswerOf(SCHEDHINT_BROKER_END);
  answer.version = static_cast<__u16>(version);
  answer.reason = reason;
  if (reason == SCHEDHINT_BROKER_OTHER_VERSION) answer.found = SCHEDHINT_BROKER_VERSION;
  return answer;
}

Connection::Connection(const Desk& desk, const DescriptorOrigins& origins, DescriptorCloser* closer,
                       Descriptor socket, Peer peer, std::shared_ptr<Payer> payer)
    : desk_(desk),
      origins_(origins),
      closer_(closer),
      socket_(std::move(socket)),
      slot_(std::make_shared<ConnectionSlot>(payer)) {
  peer_end_.connection = this;
  int pidfd = peer.pidfd.get();
  session_ = std::make_unique<Session>(desk, std::move(peer), std::move(payer));
  if (desk_.loop->Add(socket_.get(), EPOLLIN, this) != 0 ||
      desk_.loop->Add(pidfd, EPOLLIN, &peer_end_) != 0) {
    End(SCHEDHINT_BROKER_LIMIT);
  }
}

Connection::~Connection() {
  if (session_ != nullptr) End(SCHEDHINT_BROKER_DONE);
}

void Connection::End(schedhint_broker_reason reason, unsigned version) {
  if (has_ended()) return;
  desk_.loop->Remove(socket_.get(), this);
  desk_.loop->Remove(session_->peer().pidfd.get(), &peer_end_);
  session_ = nullptr;
  schedhint_broker_answer answer = EndAnswer(reason, version);
  (void)!send(socket_.get(), &answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
  handed_.fd.Reset(-1);
  socket_.Reset(-1);
}

void Connection::Fail(const char* problem) {
  LogClient(session_->peer().uid, Format("event=protocol-error %s problem=%s",
                                         session_->Name().c_str(), Quoted(problem).c_str()));
  End(SCHEDHINT_BROKER_DONE);
}

void Connection::RefuseVersion(unsigned version) {
  LogClient(session_->peer().uid, Format("event=connection-refused %s reason=version version=%u",
                                         session_->Name().c_str(), version));
  End(SCHEDHINT_BROKER_OTHER_VERSION, version);
}

void Connection::OnReady(uint32_t) {
  for (int i = 0; i < kRequestsAtOnce && Receive(); i++) {
  }
}

bool Connection::Receive() {
  alignas(cmsghdr) char control[CMSG_SPACE(kDescriptorsAtOnce * sizeof(int))];
  iovec bytes = {bytes_ + filled_, kRequestBytes - filled_};
  msghdr message = {};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t got = recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (got <= 0) {
    if (filled_ > 0) {
      Fail("truncated");
    } else {
      End(SCHEDHINT_BROKER_DONE);
    }
    return false;
  }
  filled_ += static_cast<size_t>(got);
  TakeDescriptors(&message);
  if ((message.msg_flags & MSG_CTRUNC) != 0) {
    Fail("descriptors cut off");
  } else if (descriptors_ > 1 || slot_.use_count() > 1 + kForeignAtOnce) {
    Fail("descriptors");
  } else if (filled_ == kRequestBytes) {
    HandleRequest();
  }
  return !has_ended();
}

void Connection::TakeDescriptors(msghdr* message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(message); part != nullptr; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(part) + i * sizeof(fd), sizeof(fd));
      Handed handed = {origins_.Of(fd), Descriptor(fd)};
      if (handed.origin == Origin::kForeign) closer_->Close(std::move(handed.fd), slot_);
      if (descriptors_++ == 0) handed_ = std::move(handed);
    }
  }
}

void Connection::HandleRequest() {
  unsigned version;
  if (IsOfOtherVersion(bytes_, filled_, &version)) return RefuseVersion(version);
  schedhint_broker_request request;
  const char* problem = ParseRequest(bytes_, filled_, descriptors_, &request);
  Handed handed = std::move(handed_);
  filled_ = 0;
  descriptors_ = 0;
  if (problem != nullptr) return Fail(problem);
  schedhint_broker_answer answer = AnswerOf(request.kind);
  answer.id = request.id;
  problem = session_->Handle(request, std::move(handed), &answer);
  if (problem != nullptr) return Fail(problem);
  if (answer.reason != SCHEDHINT_BROKER_DONE) {
    LogClient(session_->peer().uid,
              Format("event=refused %s request=%s reason=%s step=%u error=%s",
                     session_->Name().c_str(), KindName(answer.kind), ReasonName(answer.reason),
                     answer.step, ErrnoName(answer.error).c_str()));
  }
  Send(answer);
}

void Connection::Send(const schedhint_broker_answer& answer) {
  ssize_t sent = send(socket_.get(), &answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent == sizeof(answer)) return;
  if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
    End(SCHEDHINT_BROKER_DONE);
  } else {
    Fail("answers are not read");
  }
}

}  // namespace schedhint::broker
