// Provides what the metrics show: the threads' status and feedback counters, and the calling thread's collections and stalls.

import { isMainThread, threadId } from 'node:worker_threads';
import { attachedThread, type Feedback, type Status } from '@schedhint/core/thread';
import { observeCollections } from '@schedhint/gc-hooks';
import { isDisabled } from '@schedhint/native';
import type { CountingWatch, StallCounts } from '../../stalls/stall-counts.js';

/** As stalls/thread-watch.ts has it: by the name alone, so that neither file loads the other. */
const WATCH = Symbol.for('schedhint.stalls.watch/1');

/** What metrics read of a thread: any handle of `attachThread()` or `threadOf()` has it. */
export interface MeasuredThread {
  readonly status: Status;
  readonly feedback: Feedback;
}

/** Options of {@link collect}. */
export interface MetricsOptions {
  /** Path of the pinned map; by default `SCHEDHINT_MAP`, else `/sys/fs/bpf/schedhint`. */
  readonly map?: string;
  /**
   * The threads to show, by the names that they get in the metrics; asked at each collection, so
   * workers may come and go. By default the calling thread alone, as `main` or `worker-3`, as soon as and as long as it is attached by
   * `attachThread()` or `startGcHints()`. A parent shows a worker with `threadOf(worker)`.
   */
  readonly threads?: () => Readonly<Record<string, MeasuredThread>>;
  /**
   * Whether the calling thread's garbage collections are shown too (the default). They come from
   * `perf_hooks` and cost 15-70 us each.
   */
  readonly collections?: boolean;
  /** Bounds of the histogram of pauses, in seconds, rising. */
  readonly buckets?: readonly number[];
}

/** 1 or 0. */
interface Gauge {
  readonly name: string;
  readonly help: string;
  read(thread: MeasuredThread): number;
}

/** What the status says. */
export const GAUGES: readonly Gauge[] = [
  {
    name: 'bound',
    help: "1: the kernel holds the thread's hints",
    read: ({ status }) => Number(status.state === 'bound'),
  },
  {
    name: 'read',
    help: "1: somebody reads the thread's hints",
    read: ({ status }) => Number(status.state === 'bound' && status.readBy !== null),
  },
];

/** A counter of the feedback. It starts again at 0 when another reader takes over. */
export interface FeedbackCounter {
  /** In snake case, without a unit. */
  readonly name: string;
  readonly isSeconds: boolean;
  readonly help: string;
  read(feedback: Feedback): number;
}

const seconds = (ns: bigint) => Number(ns) / 1e9;

/** What the reader of the hints counts; without one, what the kernel does. */
export const FEEDBACK_COUNTERS: readonly FeedbackCounter[] = [
  {
    name: 'run_delay',
    isSeconds: true,
    help: 'CPU wait: time that the thread was ready to run and had no CPU',
    read: ({ runDelayNs }) => seconds(runDelayNs),
  },
  {
    name: 'gc_run_delay',
    isSeconds: true,
    help: 'CPU wait in GC pauses',
    read: ({ gcRunDelayNs }) => seconds(gcRunDelayNs ?? 0n),
  },
  {
    name: 'on_cpu',
    isSeconds: true,
    help: 'Time on a CPU',
    read: ({ onCpuNs }) => seconds(onCpuNs),
  },
  {
    name: 'preemptions',
    isSeconds: false,
    help: 'Preemptions',
    read: ({ preempted }) => preempted,
  },
  {
    name: 'gc_preemptions',
    isSeconds: false,
    help: 'Preemptions in GC pauses',
    read: ({ gcPreempted }) => gcPreempted ?? 0,
  },
];

/** A counter of the calling thread's stalls, with a value for each part or cause. */
export interface StallCounter {
  readonly name: { readonly prom: string; readonly otel: string };
  /** The values' label; an attribute is `schedhint.stall.` and this. */
  readonly label: 'part' | 'cause';
  readonly unit: string;
  readonly help: string;
  read(counts: StallCounts): Readonly<Record<string, number>>;
}

/**
 * OpenTelemetry's conventions have how busy the event loop is, and how late its timers are (`nodejs.eventloop.*`), which its
 * instrumentation of the runtime measures. They have no name for where the time went.
 */
export const STALL_COUNTERS: readonly StallCounter[] = [
  {
    name: { prom: 'schedhint_stall_seconds_total', otel: 'schedhint.stall.time' },
    label: 'part',
    unit: 's',
    help: 'Time in stalls of the event loop, by part',
    read: ({ partsMs }) =>
      Object.fromEntries(Object.entries(partsMs).map(([part, ms]) => [part, ms / 1000])),
  },
  {
    name: { prom: 'schedhint_stalls_total', otel: 'schedhint.stalls' },
    label: 'cause',
    unit: '{stall}',
    help: 'Stalls of the event loop, by cause',
    read: ({ causes }) => causes,
  },
];

/** What a counter has now: nothing unless a monitor watches the calling thread. */
export function ownStalls({ label, read }: StallCounter) {
  const counts = (process as { [WATCH]?: CountingWatch })[WATCH]?.counts ?? null;
  if (counts === null) return [];
  const thread = own();
  return Object.entries(read(counts)).map(([name, value]) => ({ thread, label, name, value }));
}

/** What the metrics call the calling thread. */
const own = () => (isMainThread ? 'main' : `worker-${threadId}`);

/** The threads that {@link MetricsOptions} name, whenever it is called. */
export function threadsOf(options: MetricsOptions): () => Readonly<Record<string, MeasuredThread>> {
  const { map } = options;
  const which = map === undefined ? {} : { map };
  return (
    options.threads ??
    (() => {
      const thread = attachedThread(which);
      return thread === undefined ? {} : { [own()]: thread };
    })
  );
}

/** Calls back with each of the calling thread's collections, unless they are not wanted. @returns stops it */
export function observeOwnCollections(
  { collections = true }: MetricsOptions,
  onCollection: (kind: string, seconds: number, thread: string) => void,
): () => void {
  if (!collections || isDisabled()) return () => {};
  const thread = own();
  const stop = observeCollections(({ kind, duration }) =>
    onCollection(kind, duration / 1000, thread),
  );
  return stop ?? (() => {});
}
