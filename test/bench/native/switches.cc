// Two threads that wake each other, so that the scheduler switches between tasks; and what a BPF
// program that looks at each switch takes.

#include "switches.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "threads.h"

int SwitchBetween(const std::string& map, uint32_t bound, uint32_t rounds) {
  NativeThreads threads;
  if (!threads.Start(2)) return -EAGAIN;
  int error = 0;
  for (uint32_t i = 0; i < bound; i++) {
    threads.RunOn(*threads.all()[i], [&](NativeThread& thread) {
      BindByRegistry(thread, map);
      if (thread.ns < 0) error = static_cast<int>(thread.ns);
    });
  }
  NativeThread& ping = *threads.all()[0];
  NativeThread& pong = *threads.all()[1];
  sem_t to_ping, to_pong;
  sem_init(&to_ping, 0, 0);
  sem_init(&to_pong, 0, 0);
  NativeThreads::Task serve = [&](NativeThread&) {
    for (uint32_t i = 0; i < rounds; i++) {
      sem_post(&to_pong);
      while (sem_wait(&to_ping) != 0) continue;
    }
  };
  NativeThreads::Task answer = [&](NativeThread&) {
    for (uint32_t i = 0; i < rounds; i++) {
      while (sem_wait(&to_pong) != 0) continue;
      sem_post(&to_ping);
    }
  };
  pong.task = &answer;
  sem_post(&pong.go);
  threads.RunOn(ping, serve);
  while (sem_wait(&pong.done) != 0) continue;
  sem_destroy(&to_ping);
  sem_destroy(&to_pong);
  return error;
}

int EnableRunTimeStatistics() {
  return bpf_enable_stats(BPF_STATS_RUN_TIME);
}

bool RunTimeOf(const char* program, uint64_t* ns, uint64_t* runs) {
  uint32_t id = 0;
  bool found = false;
  while (bpf_prog_get_next_id(id, &id) == 0) {
    int fd = bpf_prog_get_fd_by_id(id);
    if (fd < 0) continue;
    struct bpf_prog_info info;
    memset(&info, 0, sizeof(info));
    uint32_t size = sizeof(info);
    // Ids only rise: of several by that name it is the last, which is ours.
    if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
        strncmp(info.name, program, sizeof(info.name) - 1) == 0) {
      *ns = info.run_time_ns;
      *runs = info.run_cnt;
      found = true;
    }
    close(fd);
  }
  return found;
}
