// schedhint-broker: binds the threads of apps that may not write a scheduler's map themselves.
// docs/broker.md says what for, and what a client can and can't do.

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <algorithm>

#include "broker.h"
#include "listener.h"
#include "log.h"

namespace schedhint::broker {
namespace {

class Signals final : public EventSource {
 public:
  bool Open(EventLoop* loop) {
    sigset_t wanted;
    sigemptyset(&wanted);
    for (int number : {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&wanted, number);
    sigprocmask(SIG_BLOCK, &wanted, nullptr);
    signal(SIGPIPE, SIG_IGN);  // of a log whose reader has gone
    fd_.Reset(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
    return fd_.is_open() && loop->Add(fd_.get(), EPOLLIN, this) == 0;
  }
  void OnReady(uint32_t) override {
    signalfd_siginfo arrived;
    while (read(fd_.get(), &arrived, sizeof(arrived)) == sizeof(arrived)) {
      (arrived.ssi_signo == SIGUSR1 ? wants_counts_ : wants_end_) = true;
    }
  }
  bool wants_end() const { return wants_end_; }
  bool TakeWantsCounts() { return std::exchange(wants_counts_, false); }

 private:
  Descriptor fd_;
  bool wants_end_ = false;
  bool wants_counts_ = false;
};

void LogCounts(const Accounts& accounts) {
  const Amounts& held = accounts.all.held;
  LogOwn("info", Format("event=held connections=%u memories=%u threads=%u pages=%u "
                        "users=%zu cgroups=%zu",
                        held[kConnections], held[kMemories], held[kThreads], held[kPages],
                        accounts.users.size(), accounts.cgroups.size()));
}

// A thread that is bound takes a descriptor, a connection two, and up to five are on their way.
void ReserveDescriptors(Limits* limits) {
  constexpr rlim_t kOwn = 64;
  constexpr rlim_t kPerConnection = 7;
  rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Amounts& all = (*limits)[kAll];
  rlim_t taken = kOwn + kPerConnection * all[kConnections];
  rlim_t left = files.rlim_cur > taken ? files.rlim_cur - taken : 0;
  if (left >= all[kThreads]) return;
  LogOwn("warning", Format("event=fewer-threads wanted=%u at-most=%ju reason=RLIMIT_NOFILE",
                           all[kThreads], static_cast<uintmax_t>(left)));
  all[kThreads] = static_cast<uint32_t>(left);
}

int Run(int argc, char** argv) {
  Options options;
  int status;
  if (!ParseOptions(argc, argv, &options, &status)) return status;
  if (!InInitialNamespaces()) {
    LogOwn("error",
           "event=start-failed reason=\"not in the initial pid and user namespaces: ids of "
           "clients would mean something else. Run it on the host\"");
    return 1;
  }
  if (int error = CheckKernel()) {
    LogOwn("error", "event=start-failed reason=\"PIDFD_GET_INFO requires Linux 6.13\" error=" +
                        ErrnoName(error));
    return 1;
  }
  ReserveDescriptors(&options.limits);
  Listener listener;
  if (!listener.Open(options)) return 1;
  Broker broker(options);
  Signals signals;
  if (!broker.Start(listener.fd())) return 1;
  if (!signals.Open(&broker.loop())) {
    LogOwn("error", "event=start-failed step=signals error=" + ErrnoName(errno));
    return 1;
  }
  NotifySystemd("READY=1");
  LogOwn("info", "event=ready");
  while (!signals.wants_end()) {
    broker.RunOnce(-1);
    if (signals.TakeWantsCounts()) LogCounts(broker.accounts());
  }
  NotifySystemd("STOPPING=1");
  broker.Stop();
  LogOwn("info", "event=stopped");
  return 0;
}

}  // namespace
}  // namespace schedhint::broker

int main(int argc, char** argv) {
  return schedhint::broker::Run(argc, argv);
}
