#pragma once
// Watches a thread's event loop by a uv_prepare handle, which libuv calls once in each turn of the
// loop. A turn's busy time is its wall time without the time that libuv waited for events. One that
// takes as long as the threshold is a stall: the owner is called, and finds in figures() what the
// thread used during it.

#include <array>
#include <cstdint>

#include "stalls/cpu_quota.h"
#include "stalls/libuv.h"
#include "stalls/pause_clock.h"
#include "stalls/shared_record.h"
#include "stalls/thread_usage.h"

namespace schedhint {

// Of the last stall, as numbers for JavaScript: native.ts says what they mean.
struct StallFigures {
  double at_ms;
  double duration_ms;
  double cpu_ms;
  double run_delay_ms;
  double throttled_ms;
  double periods;
  double throttled_periods;
  double voluntary_switches;
  double involuntary_switches;
  double major_faults;
  double waits_outside_pauses;
  double quiet_thread_runs;
  double collections[PauseClock::kKinds];
  double collection_ms[PauseClock::kKinds];
};

class LoopWatch {
 public:
  using OnStall = void (*)(void* owner);

  // On the loop's thread, all of it. Null where the runtime lacks what it needs. `meter` is the
  // thread's, and lives until the stop.
  static LoopWatch* Start(uv_loop_s* loop, const ThreadMeter* meter, OnStall on_stall, void* owner);
  // The owner is not called any more. When the handle is closed, `on_closed` is, and the watch is
  // gone.
  void Stop(void (*on_closed)(void* data), void* data);

  void SetThreshold(uint32_t ms);
  // Paths, each with its 0: the schedstat of kQuietThreads threads that always sleep, which all run
  // when the process was stopped and continues (a path may be empty); then as CpuQuota takes them.
  void Open(const char* paths);

  static constexpr int kQuietThreads = 3;
  // For other processes.
  void Share(uint32_t thread_id);
  // What they find there from now on.
  void Tell(const RecordSlot::Findings& findings, double longest_stall_ms,
            const RecordSlot::Heap& heap);

  const StallFigures& figures() const { return figures_; }
  bool has_schedstat() const { return meter_->has_schedstat(); }
  bool has_pauses() const { return has_pauses_; }
  // Of the last second the share that the thread was ready to run and had no CPU; -1: not known.
  double StarvedShare() const;

 private:
  // How often each of the quiet threads has run.
  using QuietRuns = std::array<uint64_t, kQuietThreads>;
  // Where the thread stood at some moment between two turns.
  struct Mark {
    uint64_t at_ns = 0;
    uint64_t sleeps = 0;
    QuietRuns quiet_runs = {};
    ThreadUsage used;
    Throttling throttling;
    PauseClock::Totals pauses;
  };
  // The same for StarvedShare().
  struct DelayMark {
    uint64_t at_ns = 0;
    uint64_t idle_ns = 0;
    uint64_t run_delay_ns = 0;
  };

  LoopWatch(uv_loop_s* loop, const ThreadMeter* meter, OnStall on_stall, void* owner);
  static void OnPrepare(void* handle);
  void Turn();
  void TakeMark(uint64_t now, bool at_stall);
  void Describe(const Mark& before, uint64_t now, uint64_t busy_ns);
  void Publish();
  QuietRuns ReadQuietRuns() const;
  uint64_t LeastRuns(const QuietRuns& before, const QuietRuns& after) const;

  static constexpr uint32_t kDelayMarks = 16;

  uv_loop_s* loop_;
  const ThreadMeter* meter_;
  OnStall on_stall_;
  void* owner_;
  void (*on_closed_)(void*) = nullptr;
  void* on_closed_data_ = nullptr;
  void* handle_ = nullptr;  // uv_prepare_t
  uint64_t threshold_ns_ = 0;
  bool has_turned_ = false;
  uint64_t turn_ns_ = 0;
  uint64_t turn_idle_ns_ = 0;
  uint64_t busy_ns_ = 0;
  uint64_t idle_ns_ = 0;
  uint64_t sleeps_ = 0;  // of the loop, waiting for events
  uint64_t quiet_read_ns_ = 0;
  Mark mark_;
  DelayMark delays_[kDelayMarks];
  uint32_t delay_count_ = 0;
  ProcFile quiet_threads_[kQuietThreads];
  CpuQuota quota_;
  PauseClock pauses_;
  bool has_pauses_ = false;
  StallFigures figures_ = {};
  RecordSlot* slot_ = nullptr;
  RecordSlot values_ = {};
};

}  // namespace schedhint
