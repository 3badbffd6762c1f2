// Provides the data of the prom-client and OpenTelemetry integrations: the threads' feedback counters and status, and the calling
// thread's collections.

import { isMainThread, threadId } from 'node:worker_threads';
import { attachThread, type Feedback, type StandardThread } from '@schedhint/core/thread';
import { type Collection, startGcHints } from '@schedhint/gc-hooks';

/** Options that `schedhint/prom-client` and `schedhint/opentelemetry` share. */
export interface MetricsOptions {
  /** Path of the pinned map; by default `SCHEDHINT_MAP`, else `/sys/fs/bpf/schedhint`. */
  readonly map?: string;
  /**
   * The threads to tell of, by the names that they get in the metrics; asked at each collection, so
   * workers may come and go. By default the calling thread alone, as `main` or `worker-3`. A parent
   * tells of a worker with `threadOf(worker)`.
   */
  readonly threads?: () => Readonly<Record<string, StandardThread>>;
  /**
   * Whether the calling thread's garbage collections are told too (the default). They come from
   * `perf_hooks` and cost 15-70 us each.
   */
  readonly collections?: boolean;
}

/** A counter of the feedback. It starts again at 0 when another reader takes over. */
export interface FeedbackCounter {
  /** In snake case, without a unit. */
  readonly name: string;
  readonly isSeconds: boolean;
  readonly help: string;
  read(feedback: Feedback): number;
}

const seconds = (ns: bigint) => Number(ns) / 1e9;

/** What the reader of the hints counts. */
export const FEEDBACK_COUNTERS: readonly FeedbackCounter[] = [
  {
    name: 'run_delay',
    isSeconds: true,
    help: 'Time that the thread was runnable but had no CPU',
    read: ({ runDelayNs }) => seconds(runDelayNs),
  },
  {
    name: 'gc_run_delay',
    isSeconds: true,
    help: 'Of the run delay, what fell into a pause of the garbage collector',
    read: ({ gcRunDelayNs }) => seconds(gcRunDelayNs),
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
    help: 'Involuntary switches',
    read: ({ preempted }) => preempted,
  },
  {
    name: 'gc_preemptions',
    isSeconds: false,
    help: 'Of the involuntary switches, those in a pause of the garbage collector',
    read: ({ gcPreempted }) => gcPreempted,
  },
];

/** Whether the kernel holds the thread's block, and whether somebody reads it: 1 or 0. */
export function statusOf(thread: StandardThread): { bound: number; read: number } {
  const { status } = thread;
  const bound = status.state === 'bound';
  return { bound: Number(bound), read: Number(bound && status.readBy !== null) };
}

/** The threads that {@link MetricsOptions} name, and the calling thread's collections. */
export function followThreads(
  options: MetricsOptions,
  onCollection: (collection: Collection, thread: string) => void,
): { threads(): Readonly<Record<string, StandardThread>>; stop(): void } {
  const { map, collections = true } = options;
  const which = map === undefined ? {} : { map };
  const own = isMainThread ? 'main' : `worker-${threadId}`;
  const follow = (thread: StandardThread, stop: () => void) => ({
    threads: options.threads ?? (() => ({ [own]: thread })),
    stop,
  });
  if (!collections) {
    const thread = attachThread({ ...which, scoped: true });
    return follow(thread, () => thread.stop());
  }
  const gc = startGcHints({ ...which, stats: true });
  gc.onCollection((collection) => onCollection(collection, own));
  return follow(gc.thread, () => gc.stop());
}
