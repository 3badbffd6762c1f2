#include "stalls/loop_watch.h"

#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "kernel/monotonic_clock.h"

namespace schedhint {
namespace {

constexpr uint64_t kNsPerMs = 1000000;
constexpr uint64_t kSecondNs = 1000 * kNsPerMs;
// A mark takes 3 us: at most so many for a threshold's length.
constexpr uint64_t kMarksPerThreshold = 25;
// libuv counts a poll that found events immediately as idle too. To fall asleep and wake takes
// longer.
constexpr uint64_t kSleepNs = 10000;
constexpr uint64_t kDelayMarkNs = kSecondNs / 10;

double Ms(uint64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

double Number(uint64_t n) {
  return static_cast<double>(n);
}

uint64_t Difference(uint64_t more, uint64_t less) {
  return more > less ? more - less : 0;
}

double EpochMs() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace

LoopWatch::LoopWatch(uv_loop_s* loop, const ThreadMeter* meter, OnStall on_stall, void* owner)
    : loop_(loop), meter_(meter), on_stall_(on_stall), owner_(owner), pauses_(meter) {
  has_pauses_ = pauses_.Start();
}

LoopWatch* LoopWatch::Start(uv_loop_s* loop, const ThreadMeter* meter, OnStall on_stall,
                            void* owner) {
  // Node.js has configured it, for performance.eventLoopUtilization(). Again changes nothing.
  if (!HasLibuv() || uv_loop_configure(loop, kUvMetricsIdleTime) != 0) return nullptr;
  void* handle = std::calloc(1, uv_handle_size(kUvPrepare));
  LoopWatch* watch =
      handle == nullptr ? nullptr : new (std::nothrow) LoopWatch(loop, meter, on_stall, owner);
  if (watch == nullptr || uv_prepare_init(loop, handle) != 0) {
    if (watch != nullptr) watch->pauses_.Stop();
    delete watch;
    std::free(handle);
    return nullptr;
  }
  watch->handle_ = handle;
  uv_handle_set_data(handle, watch);
  uv_prepare_start(handle, OnPrepare);
  uv_unref(handle);
  return watch;
}

void LoopWatch::Stop(void (*on_closed)(void*), void* data) {
  on_stall_ = nullptr;
  on_closed_ = on_closed;
  on_closed_data_ = data;
  pauses_.Stop();
  FreeSlot(slot_);
  slot_ = nullptr;
  uv_close(handle_, [](void* handle) {
    LoopWatch* watch = static_cast<LoopWatch*>(uv_handle_get_data(handle));
    auto closed = watch->on_closed_;
    void* data = watch->on_closed_data_;
    delete watch;
    std::free(handle);
    closed(data);
  });
}

void LoopWatch::SetThreshold(uint32_t ms) {
  threshold_ns_ = ms * kNsPerMs;
}

void LoopWatch::Open(const char* paths) {
  for (ProcFile& thread : quiet_threads_) {
    thread = ProcFile(paths);
    paths += std::strlen(paths) + 1;
  }
  mark_.quiet_runs = ReadQuietRuns();
  quota_.Open(paths);
  mark_.throttling = quota_.Read();
}

void LoopWatch::Share(uint32_t thread_id) {
  if (slot_ == nullptr) {
    slot_ = ClaimSlot(thread_id, static_cast<uint32_t>(threshold_ns_ / kNsPerMs));
  }
}

void LoopWatch::Tell(const RecordSlot::Findings& findings, double longest_stall_ms,
                     const RecordSlot::Heap& heap) {
  values_.findings = findings;
  values_.longest_stall_ms = longest_stall_ms;
  values_.heap = heap;
  Publish();
}

void LoopWatch::OnPrepare(void* handle) {
  static_cast<LoopWatch*>(uv_handle_get_data(handle))->Turn();
}

void LoopWatch::Turn() {
  uint64_t now = MonotonicNow(0);
  uint64_t idle = uv_metrics_idle_time(loop_);
  uint64_t waited = idle - turn_idle_ns_;
  uint64_t busy = Difference(now - turn_ns_, waited);
  turn_ns_ = now;
  turn_idle_ns_ = idle;
  if (!has_turned_) {
    // What ran before the first turn is the app's start.
    has_turned_ = true;
    return TakeMark(now, true);
  }
  busy_ns_ += busy;
  idle_ns_ += waited;
  if (waited >= kSleepNs) sleeps_++;
  if (busy >= threshold_ns_) {
    Mark before = mark_;
    TakeMark(now, true);
    Describe(before, now, busy);
    on_stall_(owner_);  // the last thing: it may stop the watch
  } else if (now - mark_.at_ns >= threshold_ns_ / kMarksPerThreshold) {
    TakeMark(now, false);
  }
}

void LoopWatch::TakeMark(uint64_t now, bool at_stall) {
  mark_.at_ns = now;
  mark_.sleeps = sleeps_;
  mark_.throttling = at_stall ? quota_.ReadAll() : quota_.Read();
  mark_.pauses = pauses_.totals();
  if (at_stall || now - quiet_read_ns_ >= kSecondNs) {
    quiet_read_ns_ = now;
    mark_.quiet_runs = ReadQuietRuns();
  }
  // Behind the others: what the thread waits for when this is read is of the next turn.
  mark_.used = meter_->Read(ThreadMeter::kLast);
  const DelayMark& last = delays_[(delay_count_ + kDelayMarks - 1) % kDelayMarks];
  if (now - last.at_ns >= kDelayMarkNs) {
    delays_[delay_count_++ % kDelayMarks] = {now, idle_ns_, mark_.used.run_delay_ns};
  }
  Publish();
}

void LoopWatch::Describe(const Mark& before, uint64_t now, uint64_t busy_ns) {
  const Mark& after = mark_;
  ThreadUsage used = after.used - before.used;
  ThreadUsage paused = after.pauses.used - before.pauses.used;
  uint64_t sleeps = after.sleeps - before.sleeps;
  StallFigures& figures = figures_;
  figures.duration_ms = Ms(busy_ns);
  // The thread may have waited for a CPU since the turn's end.
  figures.at_ms = EpochMs() - Ms(MonotonicNow(0) - now) - figures.duration_ms;
  figures.cpu_ms = Ms(Difference(used.cpu_ns, paused.cpu_ns));
  figures.run_delay_ms = Ms(Difference(used.run_delay_ns, paused.run_delay_ns));
  figures.throttled_ms = Ms(Difference(after.throttling.ns, before.throttling.ns));
  figures.periods = Number(Difference(after.throttling.periods, before.throttling.periods));
  figures.throttled_periods =
      Number(Difference(after.throttling.throttled_periods, before.throttling.throttled_periods));
  uint64_t switches = Difference(used.voluntary_switches, sleeps);
  figures.voluntary_switches = Number(switches);
  figures.involuntary_switches = Number(used.involuntary_switches);
  figures.major_faults = Number(used.major_faults);
  figures.waits_outside_pauses = Number(Difference(switches, paused.voluntary_switches) +
                                        Difference(used.major_faults, paused.major_faults));
  figures.quiet_thread_runs = Number(LeastRuns(before.quiet_runs, after.quiet_runs));
  for (int kind = 0; kind < PauseClock::kKinds; kind++) {
    figures.collections[kind] = Number(after.pauses.count[kind] - before.pauses.count[kind]);
    figures.collection_ms[kind] = Ms(after.pauses.ns[kind] - before.pauses.ns[kind]);
  }
}

void LoopWatch::Publish() {
  if (slot_ == nullptr) return;
  values_.loop_busy_ms = Ms(busy_ns_);
  values_.loop_idle_ms = Ms(idle_ns_);
  for (int kind = 0; kind < PauseClock::kKinds; kind++) {
    values_.collections[kind] = Number(pauses_.totals().count[kind]);
    values_.collection_ms[kind] = Ms(pauses_.totals().ns[kind]);
  }
  PublishSlot(slot_, values_);
}

LoopWatch::QuietRuns LoopWatch::ReadQuietRuns() const {
  QuietRuns runs = {};
  for (int i = 0; i < kQuietThreads; i++) {
    char text[96];
    if (!quiet_threads_[i].Read(text)) continue;
    // The third number of its schedstat.
    char* next;
    std::strtoull(text, &next, 10);
    std::strtoull(next, &next, 10);
    runs[i] = std::strtoull(next, nullptr, 10);
  }
  return runs;
}

// One of them alone may have run for another reason: it had only just been started.
uint64_t LoopWatch::LeastRuns(const QuietRuns& before, const QuietRuns& after) const {
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < kQuietThreads; i++) {
    if (quiet_threads_[i].is_open()) least = std::min(least, Difference(after[i], before[i]));
  }
  return least == UINT64_MAX ? 0 : least;
}

double LoopWatch::StarvedShare() const {
  uint64_t now = MonotonicNow(0);
  const DelayMark* start = nullptr;  // the last one that is a second old, else the first
  for (uint32_t i = 0; i < std::min(delay_count_, kDelayMarks); i++) {
    const DelayMark& mark = delays_[i];
    bool is_old = now - mark.at_ns >= kSecondNs;
    bool start_is_old = start != nullptr && now - start->at_ns >= kSecondNs;
    if (start == nullptr || (is_old && (!start_is_old || mark.at_ns > start->at_ns)) ||
        (!is_old && !start_is_old && mark.at_ns < start->at_ns)) {
      start = &mark;
    }
  }
  if (start == nullptr || !has_schedstat()) return -1;
  uint64_t delay = Difference(meter_->Read(ThreadMeter::kLast).run_delay_ns, start->run_delay_ns);
  // A mark may be old because the loop had nothing to do: then all of the delay is of the last
  // second.
  uint64_t busy = Difference(now - start->at_ns, idle_ns_ - start->idle_ns);
  return std::min(1.0, Number(delay) / Number(std::max(busy, kSecondNs)));
}

}  // namespace schedhint
