// Measures stalls without the addon, by a timer of 10 ms: with a lower precision, and only as far as the runtime and procfs show it.

import {
  constants,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks';
import { parseCpuStat } from '../proc/cgroup.js';
import { KeptFile } from '../proc/kept-file.js';
import { parseSchedStat } from '../proc/schedstat.js';
import type { OwnCgroup } from './own-cgroup.js';
import { quietThreads } from './quiet-threads.js';
import { RunDelayWindow } from './run-delay-window.js';
import type { MeasuredStall, StallSource } from './source.js';

const TICK_MS = 10;
/** The loop counts a poll that found events immediately as idle too. */
const SLEEP_MS = 0.05;

// Taken at load: test frameworks replace timers with fake ones.
const { setInterval, clearInterval, setImmediate } = globalThis;

type Gc = MeasuredStall['gc'];

/** Where the thread stood at a tick. Times in ms; null: not known. */
interface Tick {
  readonly atMs: number;
  readonly idleMs: number | null;
  readonly cpuMs: number | null;
  readonly runDelayMs: number | null;
  readonly voluntary: number | null;
  readonly involuntary: number;
  readonly quietRuns: readonly number[];
  readonly throttledMs: number;
  readonly periods: number;
  readonly throttledPeriods: number;
}

/** Begins to measure the calling thread. */
export function timerSource(
  cgroup: OwnCgroup,
  onStall: (stall: MeasuredStall) => void,
  firstThresholdMs: number,
): StallSource {
  const meter = new Meter(cgroup);
  const collections = new Collections();
  const delays = new RunDelayWindow();
  let thresholdMs = firstThresholdMs;
  let last = meter.read();
  const tick = () => {
    const before = last;
    const now = meter.read();
    last = now;
    collections.forgetBefore(before.atMs);
    if (now.runDelayMs !== null) delays.add(now.atMs, now.runDelayMs);
    const wallMs = now.atMs - before.atMs;
    const waitedMs =
      now.idleMs === null || before.idleMs === null ? TICK_MS : now.idleMs - before.idleMs;
    const durationMs = wallMs - waitedMs;
    if (durationMs < thresholdMs) return;
    const at = Date.now() - durationMs;
    // The runtime reports collections in the same phase of the loop, before this.
    setImmediate(() => {
      const gc = collections.between(before.atMs, now.atMs);
      onStall(measuredOf(before, now, { at, durationMs, gc }, cgroup));
    });
  };
  const timer = setInterval(tick, TICK_MS);
  timer.unref();
  return {
    precision: 'low',
    setThreshold(ms) {
      thresholdMs = ms;
    },
    starvedShare() {
      const { atMs, runDelayMs } = meter.read();
      return runDelayMs === null ? -1 : delays.share(atMs, runDelayMs);
    },
    stop() {
      clearInterval(timer);
      collections.stop();
      meter.close();
    },
  };
}

function measuredOf(
  before: Tick,
  now: Tick,
  { at, durationMs, gc }: { at: number; durationMs: number; gc: Gc | null },
  cgroup: OwnCgroup,
): MeasuredStall {
  const grown = (key: 'cpuMs' | 'runDelayMs' | 'voluntary' | 'idleMs') =>
    before[key] === null || now[key] === null ? null : Math.max(0, now[key] - before[key]);
  const gcMs = gc === null ? null : gc.minor.ms + gc.major.ms + gc.other.ms;
  const cpuMs = grown('cpuMs');
  const voluntary = grown('voluntary');
  // The loop itself, waiting for events.
  const slept = (grown('idleMs') ?? 0) >= SLEEP_MS ? 1 : 0;
  const waits = voluntary === null ? null : Math.max(0, voluntary - slept);
  const none = { count: 0, ms: 0 };
  return {
    at,
    durationMs,
    gcMs,
    // How much of it was the collector's is not known: the attribution takes what the pauses leave.
    cpuMs,
    runDelayMs: grown('runDelayMs'),
    throttledMs: cgroup.found === null ? null : now.throttledMs - before.throttledMs,
    waits,
    // One alone may have only just been started.
    wasStopped:
      now.quietRuns.length > 0 && now.quietRuns.every((runs, i) => runs > before.quietRuns[i]!),
    gc: gc ?? { minor: none, major: none, other: none },
    switches: { voluntary: waits ?? 0, involuntary: now.involuntary - before.involuntary },
    majorFaults: 0,
    periods: now.periods - before.periods,
    throttledPeriods: now.throttledPeriods - before.throttledPeriods,
  };
}

/** Reads what the thread has used until now. */
class Meter {
  readonly #schedstat = KeptFile.open('/proc/thread-self/schedstat');
  readonly #status = KeptFile.open('/proc/thread-self/status');
  readonly #quiet = quietThreads()
    .map(KeptFile.open)
    .filter((file) => file !== null);
  readonly #cpuStats: readonly KeptFile[];
  readonly #hasIdle = hasIdleTime();

  constructor(cgroup: OwnCgroup) {
    // Without a quota there is nothing to read.
    const paths = cgroup.quota() === undefined ? [] : cgroup.cpuStats;
    this.#cpuStats = paths.map(KeptFile.open).filter((file) => file !== null);
  }

  read(): Tick {
    const schedstat = parseSchedStat(this.#schedstat?.read() ?? '');
    const status = this.#status?.read() ?? '';
    const stats = this.#cpuStats.map((file) => parseCpuStat(file.read()));
    const sum = (key: 'periods' | 'throttledPeriods' | 'throttledNs') =>
      stats.reduce((all, stat) => all + stat[key], 0);
    return {
      atMs: performance.now(),
      idleMs: this.#hasIdle ? performance.eventLoopUtilization().idle : null,
      cpuMs: threadCpuMs() ?? (schedstat === null ? null : schedstat.onCpuNs / 1e6),
      runDelayMs: schedstat === null ? null : schedstat.runDelayNs / 1e6,
      voluntary: numberIn(status, 'voluntary_ctxt_switches'),
      involuntary: numberIn(status, 'nonvoluntary_ctxt_switches') ?? 0,
      quietRuns: this.#quiet.map((file) => parseSchedStat(file.read())?.timeslices ?? 0),
      throttledMs: sum('throttledNs') / 1e6,
      periods: sum('periods'),
      throttledPeriods: sum('throttledPeriods'),
    };
  }

  close(): void {
    for (const file of [this.#schedstat, this.#status, ...this.#quiet, ...this.#cpuStats]) {
      file?.close();
    }
  }
}

/** Some runtimes have the function, but measure nothing. */
function hasIdleTime(): boolean {
  const measured = performance.eventLoopUtilization?.();
  return measured !== undefined && process.versions.bun === undefined;
}

/** Node.js has it since 22.19 and 23.9. */
function threadCpuMs(): number | null {
  const { threadCpuUsage } = process as { threadCpuUsage?: () => NodeJS.CpuUsage };
  if (threadCpuUsage === undefined) return null;
  const { user, system } = threadCpuUsage.call(process);
  return (user + system) / 1000;
}

function numberIn(status: string, name: string): number | null {
  const found = new RegExp(`^${name}:\\t(\\d+)$`, 'm').exec(status);
  return found === null ? null : Number(found[1]);
}

/** What the types of Node.js 20 leave out. */
type GcEntry = PerformanceEntry & { readonly detail: { readonly kind?: number } };

/** The thread's collections, as the runtime reports them. */
class Collections {
  readonly #observer: PerformanceObserver | null;
  #entries: readonly PerformanceEntry[] = [];

  constructor() {
    // More than once before a tick, where the thread has little of a CPU.
    this.#observer = observing((entries) => {
      this.#entries = [...this.#entries, ...entries];
    });
  }

  /** No stall that is still to be reported has any of these. */
  forgetBefore(atMs: number): void {
    if (this.#entries.length === 0) return;
    this.#entries = this.#entries.filter(({ startTime }) => startTime >= atMs);
  }

  /** null: not known. */
  between(fromMs: number, toMs: number): Gc | null {
    if (this.#observer === null) return null;
    this.#entries = [...this.#entries, ...this.#observer.takeRecords()];
    const sums = { minor: none(), major: none(), other: none() };
    for (const { startTime, duration, detail } of this.#entries as GcEntry[]) {
      if (startTime < fromMs || startTime > toMs) continue;
      const sum = sums[kindOf(detail)];
      sum.count++;
      sum.ms += duration;
    }
    // The turn of the loop in which this is called may have had another stall, which the next tick finds.
    this.#entries = this.#entries.filter(({ startTime }) => startTime > toMs);
    return sums;
  }

  stop(): void {
    this.#observer?.disconnect();
  }
}

const none = () => ({ count: 0, ms: 0 });

function observing(onEntries: (entries: PerformanceEntry[]) => void): PerformanceObserver | null {
  // Other runtimes ignore what they do not know.
  const known = PerformanceObserver as { readonly supportedEntryTypes?: readonly string[] };
  if (!known.supportedEntryTypes?.includes('gc')) return null;
  try {
    const observer = new PerformanceObserver((list) => onEntries(list.getEntries()));
    observer.observe({ entryTypes: ['gc'] });
    return observer;
  } catch {
    return null;
  }
}

function kindOf({ kind }: GcEntry['detail']): 'minor' | 'major' | 'other' {
  if (kind === constants.NODE_PERFORMANCE_GC_MINOR) return 'minor';
  return kind === constants.NODE_PERFORMANCE_GC_MAJOR ? 'major' : 'other';
}
