/**
 * Metrics for prom-client: what the scheduler tells of threads, and their garbage collections.
 *
 * @packageDocumentation
 */
import { type Stoppable, stoppable } from '@schedhint/core';
import { Counter, Gauge, Histogram, type Registry, register } from 'prom-client';
import {
  FEEDBACK_COUNTERS,
  followThreads,
  type MetricsOptions,
  statusOf,
} from '../metrics/threads.js';
import { peerTooOld } from '../peer-version.js';

/** Options of {@link collectPromMetrics}. */
export interface PromMetricsOptions extends MetricsOptions {
  /** Where the metrics are registered; by default prom-client's own registry. */
  readonly registry?: Registry;
  /** Bounds of `schedhint_gc_pause_seconds`, in seconds. */
  readonly buckets?: number[];
}

const GAUGES = [
  ['bound', "The kernel holds the thread's hints"],
  ['read', "Somebody reads the thread's hints"],
] as const;

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/**
 * Registers these metrics, all with the label `thread`:
 *
 * - `schedhint_bound`, `schedhint_read` (gauges): the kernel holds the thread's block; a reader looks
 *   at it
 * - `schedhint_run_delay_seconds_total`, `schedhint_gc_run_delay_seconds_total`,
 *   `schedhint_on_cpu_seconds_total`, `schedhint_preemptions_total`,
 *   `schedhint_gc_preemptions_total`: the reader's counters
 * - `schedhint_gc_pause_seconds` (histogram, with the label `kind`): every collection, also when
 *   several are delivered at once
 *
 * @returns stops it and takes the metrics out of the registry
 * @throws Error `ERR_SCHEDHINT_PEER_VERSION` where prom-client is older than 13
 */
export function collectPromMetrics(options: PromMetricsOptions = {}): Stoppable {
  if (!asksForValues()) throw peerTooOld('prom-client', '>= 13');
  const { registry = register, buckets = BUCKETS } = options;
  const registers = [registry];
  const pauses = new Histogram({
    name: 'schedhint_gc_pause_seconds',
    help: 'Pauses of the garbage collector',
    labelNames: ['thread', 'kind'],
    buckets,
    registers,
  });
  const { threads, stop } = followThreads(options, ({ kind, duration }, thread) =>
    pauses.observe({ thread, kind }, duration / 1000),
  );
  const names = ['schedhint_gc_pause_seconds'];
  const described = (name: string, help: string) => {
    names.push(name);
    return { name, help, labelNames: ['thread'], registers };
  };
  for (const [name, help] of GAUGES) {
    new Gauge({
      ...described(`schedhint_${name}`, help),
      collect() {
        this.reset();
        for (const [thread, of] of Object.entries(threads())) {
          this.set({ thread }, statusOf(of)[name]);
        }
      },
    });
  }
  for (const { name, isSeconds, help, read } of FEEDBACK_COUNTERS) {
    new Counter({
      ...described(`schedhint_${name}${isSeconds ? '_seconds' : ''}_total`, help),
      collect() {
        // The reader counts. When another takes over it starts at 0, as a restarted process would.
        this.reset();
        for (const [thread, { feedback }] of Object.entries(threads())) {
          this.inc({ thread }, read(feedback));
        }
      },
    });
  }
  return stoppable(() => {
    stop();
    for (const name of names) registry.removeSingleMetric(name);
  });
}

/** Whether this prom-client calls `collect()`. Older ones ignore it, and would show zeros. */
function asksForValues(): boolean {
  const collect = () => {};
  const gauge = new Gauge({ name: 'schedhint_probe', help: 'nowhere', registers: [], collect });
  return (gauge as { collect?: unknown }).collect === collect;
}
