// What prom-client and OpenTelemetry make of the same counters and collections.

import { createRequire } from 'node:module';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { attachThread, type ScopedThread } from '@schedhint/core';
import { startGcHints } from '@schedhint/gc-hooks';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { collectOtelMetrics } from '../opentelemetry/index.js';
import { collectPromMetrics } from '../prom-client/index.js';

const map = '/nonexistent/schedhint';
const require = createRequire(import.meta.url);
require('node:v8').setFlagsFromString('--expose-gc');
const gc: () => void = require('node:vm').runInNewContext('gc');

let thread: ScopedThread;
let other: ScopedThread;
const stops: (() => unknown)[] = [];

beforeEach(() => {
  thread = attachThread({ map, scoped: true });
  other = attachThread({ map: `${map}-2`, scoped: true });
  stops.push(
    () => thread.stop(),
    () => other.stop(),
  );
  // What a reader would write; there is no kernel in this test.
  Object.assign(thread.blocks.thread, {
    run_delay_ns: 2_500_000_000n,
    gc_run_delay_ns: 500_000_000n,
    on_cpu_ns: 40_000_000_000n,
    preempted: 70,
    gc_preempted: 9,
  });
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Forces collections without a turn of the event loop between, so that they come as one batch. */
async function collectFiveTimes(count: () => Promise<number>): Promise<void> {
  const counter = startGcHints({ map, stats: true });
  stops.push(() => counter.stop());
  const before = await count();
  const counted = counter.stats!.byKind.markCompact.count;
  for (let i = 0; i < 5; i++) gc();
  await vi.waitFor(
    async () => {
      expect(counter.stats!.byKind.markCompact.count - counted).toBeGreaterThanOrEqual(5);
      expect((await count()) - before).toBe(counter.stats!.byKind.markCompact.count - counted);
    },
    { timeout: 30_000, interval: 5 },
  );
}

test('prom-client', async () => {
  const registry = new Registry();
  const collecting = collectPromMetrics({
    registry,
    map,
    threads: () => ({ main: thread, render: other }),
  });
  const text = await registry.metrics();
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      'schedhint_bound{thread="main"} 0',
      'schedhint_read{thread="main"} 0',
      'schedhint_run_delay_seconds_total{thread="main"} 2.5',
      'schedhint_run_delay_seconds_total{thread="render"} 0',
      'schedhint_gc_run_delay_seconds_total{thread="main"} 0.5',
      'schedhint_on_cpu_seconds_total{thread="main"} 40',
      'schedhint_preemptions_total{thread="main"} 70',
      'schedhint_gc_preemptions_total{thread="main"} 9',
    ]),
  );
  // Asked again: the reader's count, not twice of it.
  expect(await registry.metrics()).toContain('preemptions_total{thread="main"} 70\n');
  // Another reader has taken over.
  thread.blocks.thread.preempted = 3;
  expect(await registry.metrics()).toContain('preemptions_total{thread="main"} 3\n');

  await collectFiveTimes(async () => {
    const all = await registry.getSingleMetric('schedhint_gc_pause_seconds')!.get();
    const count = all.values.find(
      ({ labels, ...value }) =>
        labels.kind === 'markCompact' &&
        (value as { metricName?: string }).metricName === 'schedhint_gc_pause_seconds_count',
    );
    return count?.value ?? 0;
  });
  collecting.stop();
  expect(await registry.metrics()).toBe('\n');
});

test('OpenTelemetry', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  stops.push(() => provider.shutdown());
  const collecting = collectOtelMetrics({
    meter: provider.getMeter('test'),
    map,
    threads: () => ({ main: thread, render: other }),
  });
  /** What was exported last, by name and attributes. */
  async function exported(): Promise<Map<string, unknown>> {
    exporter.reset();
    await reader.forceFlush();
    const metrics = exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics ?? [];
    return new Map(
      metrics.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => [
          `${descriptor.name} ${Object.values(attributes).join(' ')}`,
          value,
        ]),
      ),
    );
  }
  expect(await exported()).toEqual(
    new Map<string, unknown>([
      ['schedhint.bound main', 0],
      ['schedhint.bound render', 0],
      ['schedhint.read main', 0],
      ['schedhint.read render', 0],
      ['schedhint.run_delay main', 2.5],
      ['schedhint.run_delay render', 0],
      ['schedhint.gc_run_delay main', 0.5],
      ['schedhint.gc_run_delay render', 0],
      ['schedhint.on_cpu main', 40],
      ['schedhint.on_cpu render', 0],
      ['schedhint.preemptions main', 70],
      ['schedhint.preemptions render', 0],
      ['schedhint.gc_preemptions main', 9],
      ['schedhint.gc_preemptions render', 0],
    ]),
  );
  await collectFiveTimes(async () => {
    const pauses = (await exported()).get('schedhint.gc.duration main markCompact');
    return (pauses as { count: number } | undefined)?.count ?? 0;
  });
  collecting.stop();
});

test('without collections, of the calling thread alone', async () => {
  const registry = new Registry();
  const collecting = collectPromMetrics({ registry, map, collections: false });
  stops.push(() => collecting.stop());
  gc();
  const text = await registry.metrics();
  expect(text).toContain('schedhint_preemptions_total{thread="main"} 70\n');
  expect(text).not.toContain('schedhint_gc_pause_seconds_count');
});
