/**
 * Metrics for OpenTelemetry: what the scheduler tells of threads, and their garbage collections.
 *
 * @packageDocumentation
 */
// Not by name: an older API does not have it, and an ES module would not even load.

import type { Meter, MetricsAPI, ObservableResult } from '@opentelemetry/api';
import * as api from '@opentelemetry/api';
import { type Stoppable, stoppable } from '@schedhint/core';
import {
  FEEDBACK_COUNTERS,
  followThreads,
  type MetricsOptions,
  statusOf,
} from '../metrics/threads.js';
import { peerTooOld } from '../peer-version.js';

/** Options of {@link collectOtelMetrics}. */
export interface OtelMetricsOptions extends MetricsOptions {
  /** By default `metrics.getMeter('schedhint')` of the global provider. */
  readonly meter?: Meter;
}

/** As OpenTelemetry's conventions have them for `v8js.gc.duration`: seconds. */
const BOUNDARIES = [0.001, 0.01, 0.1, 1, 10];

/**
 * Makes these instruments, all with the attribute `thread.name`:
 *
 * - `schedhint.bound`, `schedhint.read` (gauges): the kernel holds the thread's block; a reader looks
 *   at it
 * - `schedhint.run_delay`, `schedhint.gc_run_delay`, `schedhint.on_cpu` (counters, s),
 *   `schedhint.preemptions`, `schedhint.gc_preemptions` (counters): what the reader counts
 * - `schedhint.gc.duration` (histogram, s, with the attribute `schedhint.gc.kind`): every collection,
 *   also when several are delivered at once
 *
 * @returns stops it
 * @throws Error `ERR_SCHEDHINT_PEER_VERSION` without a `meter`, where `@opentelemetry/api` is older than 1.3
 */
export function collectOtelMetrics(options: OtelMetricsOptions = {}): Stoppable {
  const { meter = globalMeter() } = options;
  const pauses = meter.createHistogram('schedhint.gc.duration', {
    description: 'Pauses of the garbage collector',
    unit: 's',
    advice: { explicitBucketBoundaries: BOUNDARIES },
  });
  const { threads, stop } = followThreads(options, ({ kind, duration }, thread) =>
    pauses.record(duration / 1000, { 'thread.name': thread, 'schedhint.gc.kind': kind }),
  );
  const stops: (() => void)[] = [stop];

  /** An instrument that is asked. */
  const observe = (
    instrument: ReturnType<Meter['createObservableGauge']>,
    read: (thread: ReturnType<typeof threads>[string]) => number,
  ) => {
    const callback = (result: ObservableResult) => {
      for (const [name, thread] of Object.entries(threads())) {
        result.observe(read(thread), { 'thread.name': name });
      }
    };
    instrument.addCallback(callback);
    stops.push(() => instrument.removeCallback(callback));
  };
  observe(
    meter.createObservableGauge('schedhint.bound', {
      description: "1: the kernel holds the thread's hints",
    }),
    (thread) => statusOf(thread).bound,
  );
  observe(
    meter.createObservableGauge('schedhint.read', {
      description: "1: somebody reads the thread's hints",
    }),
    (thread) => statusOf(thread).read,
  );
  for (const { name, isSeconds, help: description, read } of FEEDBACK_COUNTERS) {
    const instrument = meter.createObservableCounter(`schedhint.${name}`, {
      description,
      unit: isSeconds ? 's' : '{switch}',
    });
    observe(instrument, ({ feedback }) => read(feedback));
  }
  return stoppable(() => {
    for (const one of stops) one();
  });
}

function globalMeter(): Meter {
  const { metrics } = api as { metrics?: MetricsAPI };
  if (metrics === undefined) throw peerTooOld('@opentelemetry/api', '>= 1.3');
  return metrics.getMeter('schedhint');
}
