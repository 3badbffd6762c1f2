#include "stalls/thread_usage.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace schedhint {
namespace {

uint64_t CpuNs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

ThreadUsage& ThreadUsage::operator+=(const ThreadUsage& other) {
  cpu_ns += other.cpu_ns;
  run_delay_ns += other.run_delay_ns;
  timeslices += other.timeslices;
  voluntary_switches += other.voluntary_switches;
  involuntary_switches += other.involuntary_switches;
  major_faults += other.major_faults;
  return *this;
}

ThreadUsage ThreadUsage::operator-(const ThreadUsage& earlier) const {
  ThreadUsage difference;
  difference.cpu_ns = cpu_ns - earlier.cpu_ns;
  difference.run_delay_ns = run_delay_ns - earlier.run_delay_ns;
  difference.timeslices = timeslices - earlier.timeslices;
  difference.voluntary_switches = voluntary_switches - earlier.voluntary_switches;
  difference.involuntary_switches = involuntary_switches - earlier.involuntary_switches;
  difference.major_faults = major_faults - earlier.major_faults;
  return difference;
}

ThreadMeter::ThreadMeter() {
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/self/task/%ld/schedstat", syscall(SYS_gettid));
  schedstat_ = ProcFile(path);
}

ThreadUsage ThreadMeter::Read(CpuTime cpu_time) const {
  ThreadUsage usage;
  if (cpu_time == kLast) ReadDelay(&usage);
  usage += ReadWithoutDelay(cpu_time);
  if (cpu_time == kFirst) ReadDelay(&usage);
  return usage;
}

ThreadUsage ThreadMeter::ReadWithoutDelay(CpuTime cpu_time) const {
  ThreadUsage usage;
  if (cpu_time == kFirst) usage.cpu_ns = CpuNs();
  rusage counted;
  if (getrusage(RUSAGE_THREAD, &counted) == 0) {
    usage.voluntary_switches = static_cast<uint64_t>(counted.ru_nvcsw);
    usage.involuntary_switches = static_cast<uint64_t>(counted.ru_nivcsw);
    usage.major_faults = static_cast<uint64_t>(counted.ru_majflt);
  }
  if (cpu_time == kLast) usage.cpu_ns = CpuNs();
  return usage;
}

void ThreadMeter::ReadDelay(ThreadUsage* usage) const {
  char text[96];
  if (!schedstat_.Read(text)) return;
  // Its first number is the CPU time as of the last tick.
  char* next;
  std::strtoull(text, &next, 10);
  usage->run_delay_ns = std::strtoull(next, &next, 10);
  usage->timeslices = std::strtoull(next, &next, 10);
}

}  // namespace schedhint
