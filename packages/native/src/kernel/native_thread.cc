#include "kernel/native_thread.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

namespace schedhint {
namespace {

constexpr size_t kStackSize = 128 * 1024;

struct Start {
  const char* name;
  void (*run)(void*);
  void* argument;
};

void* Enter(void* raw) {
  Start start = *static_cast<Start*>(raw);
  delete static_cast<Start*>(raw);
  prctl(PR_SET_NAME, start.name);
  start.run(start.argument);
  return nullptr;
}

}  // namespace

bool StartNativeThread(const char* name, void (*run)(void*), void* argument) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackSize);
  Start* start = new Start{name, run, argument};
  pthread_t thread;
  bool started = pthread_create(&thread, &attributes, Enter, start) == 0;
  if (!started) delete start;
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

}  // namespace schedhint
