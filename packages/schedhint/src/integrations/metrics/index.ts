/**
 * Metrics for prom-client and OpenTelemetry: what the scheduler reports of threads, their garbage collections, and stalls of the
 * event loop. It imports neither.
 *
 * @packageDocumentation
 */
import { checkOptions, type Stoppable } from '@schedhint/core/thread';
import type { MeasuredThread, MetricsOptions } from './figures.js';
import {
  collectInMeter,
  isMeter,
  type OtelCallback,
  type OtelInstrument,
  type OtelMeter,
} from './opentelemetry.js';
import { collectInRegistry, isRegistry, type PromRegistry } from './prom-client.js';

export type {
  MeasuredThread,
  MetricsOptions,
  OtelCallback,
  OtelInstrument,
  OtelMeter,
  PromRegistry,
};

const OPTIONS = ['map', 'threads', 'collections', 'buckets'];

/**
 * Makes metrics of threads and of the calling thread's collections and stalls, until it is stopped. It attaches no thread, and
 * watches no stalls: they are shown while somebody else does (`watchStalls()`, `SCHEDHINT_STALLS`).
 *
 * In a registry of prom-client, all with the label `thread`:
 *
 * - `schedhint_bound`, `schedhint_read` (gauges): the kernel holds the thread's block; a reader looks at it
 * - `schedhint_run_delay_seconds_total`, `schedhint_gc_run_delay_seconds_total`, `schedhint_on_cpu_seconds_total`,
 *   `schedhint_preemptions_total`, `schedhint_gc_preemptions_total`: the reader's counters
 * - `schedhint_gc_pause_seconds` (histogram, with the label `kind`): every collection, also when several are delivered together
 * - `schedhint_stall_seconds_total` (with the label `part`), `schedhint_stalls_total` (with the label `cause`): stalls of the event loop
 *
 * In a meter of OpenTelemetry, all with the attribute `thread.name`: `schedhint.bound`, `schedhint.read`, `schedhint.run_delay`,
 * `schedhint.gc_run_delay`, `schedhint.on_cpu`, `schedhint.preemptions`, `schedhint.gc_preemptions`, and the histogram
 * `schedhint.gc.duration` with the attribute `schedhint.gc.kind`; `schedhint.stall.time` with `schedhint.stall.part`,
 * `schedhint.stalls` with `schedhint.stall.cause`.
 *
 * @param target a `Registry` of prom-client (its own one is `register`), or a `Meter` of `@opentelemetry/api`
 * @throws TypeError `ERR_SCHEDHINT_OPTION` if it is neither, or for an unknown option; what prom-client throws where the
 *   registry has metrics of these names
 */
export function collect(target: PromRegistry | OtelMeter, options: MetricsOptions = {}): Stoppable {
  checkOptions('collect', options, OPTIONS);
  if (isRegistry(target)) return collectInRegistry(target, options);
  if (isMeter(target)) return collectInMeter(target, options);
  const expected = 'a Registry of prom-client or a Meter of @opentelemetry/api 1.3 or newer';
  throw Object.assign(new TypeError(`target: expected ${expected}`), {
    code: 'ERR_SCHEDHINT_OPTION',
  });
}
