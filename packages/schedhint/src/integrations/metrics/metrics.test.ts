// What prom-client and OpenTelemetry make of the same counters and collections.

import { createRequire } from 'node:module';
import type { Meter } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { attachedThread, attachThread, type ScopedThread } from '@schedhint/core';
import { type Collection, observeCollections, startGcHints } from '@schedhint/gc-hooks';
import { Gauge, Histogram, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Stall, watchStalls } from '../../stalls/index.js';
import { collect } from './index.js';

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
  Object.assign(other.blocks.thread, { reader_abi: 1 });
  Object.assign(thread.blocks.thread, {
    reader_abi: 1,
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
  const collecting = collect(registry, {
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

test("without a reader the counters are the kernel's", async () => {
  Object.assign(thread.blocks.thread, { reader_abi: 0 });
  const registry = new Registry();
  stops.push(() => collecting.stop());
  const collecting = collect(registry, { map, threads: () => ({ main: thread }) });
  const text = await registry.metrics();
  const [, seconds] = /^schedhint_on_cpu_seconds_total\{thread="main"\} (.*)$/m.exec(text)!;
  const { user, system } = process.cpuUsage();
  expect(Number(seconds)).toBeGreaterThan(0);
  expect(Number(seconds)).toBeLessThan((user + system) / 1e6 + 0.011);
  expect(text).toContain('schedhint_gc_preemptions_total{thread="main"} 0');
});

test('OpenTelemetry', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  stops.push(() => provider.shutdown());
  const collecting = collect(provider.getMeter('test'), {
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

describe('stalls', () => {
  /** Makes one, and waits until it was reported to a monitor of the thread. */
  async function stalled(): Promise<Stall> {
    const stalls: Stall[] = [];
    const monitor = watchStalls({ thresholdMs: 50, onStall: (stall) => stalls.push(stall) });
    stops.push(() => monitor.stop());
    // The first turn is not watched.
    await new Promise((resolve) => setTimeout(resolve, 1));
    for (const end = performance.now() + 100; performance.now() < end; );
    await vi.waitFor(() => expect(stalls.length).toBeGreaterThan(0), 30_000);
    return stalls[0]!;
  }
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

  test('prom-client, only while there is a monitor', async () => {
    const registry = new Registry();
    const collecting = collect(registry, { map, collections: false });
    stops.push(() => collecting.stop());
    expect(await registry.metrics()).not.toContain('cause=');
    const valuesOf = async (name: string) => (await registry.getSingleMetric(name)!.get()).values;
    const { durationMs, cause } = await stalled();
    const seconds = await valuesOf('schedhint_stall_seconds_total');
    expect(seconds.map(({ labels }) => labels.part)).toEqual(
      expect.arrayContaining(['gc', 'code', 'noCpu', 'throttled', 'blocked', 'paused', 'unknown']),
    );
    // There may be more stalls than the one that was made.
    expect(sum(seconds.map(({ value }) => value))).toBeGreaterThanOrEqual(durationMs / 1000 - 1e-6);
    expect(await registry.metrics()).toMatch(
      new RegExp(`^schedhint_stalls_total\\{thread="main",cause="${cause}"\\} [1-9]`, 'm'),
    );
    stops.pop()!();
    expect(await registry.metrics()).not.toContain('cause=');
  });

  test('OpenTelemetry', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    stops.push(() => provider.shutdown());
    const collecting = collect(provider.getMeter('test'), { map, collections: false });
    const before = await stalled();
    await reader.forceFlush();
    const metrics = exporter.getMetrics()[0]!.scopeMetrics[0]!.metrics;
    const named = (name: string) => metrics.find(({ descriptor }) => descriptor.name === name)!;
    const time = named('schedhint.stall.time');
    expect(time.descriptor).toMatchObject({ unit: 's', type: 'OBSERVABLE_COUNTER' });
    const seconds = time.dataPoints.map(({ value }) => value as number);
    expect(sum(seconds)).toBeGreaterThanOrEqual(before.durationMs / 1000 - 1e-6);
    expect(named('schedhint.stalls').dataPoints).toContainEqual(
      expect.objectContaining({
        attributes: { 'thread.name': 'main', 'schedhint.stall.cause': before.cause },
        value: expect.toSatisfy((count: number) => count >= 1),
      }),
    );
    // The runtime's instrumentation has these.
    for (const { descriptor } of metrics) expect(descriptor.name).toMatch(/^schedhint\./);
    collecting.stop();
  });
});

test('without collections, of the calling thread alone', async () => {
  const registry = new Registry();
  const collecting = collect(registry, { map, collections: false });
  stops.push(() => collecting.stop());
  gc();
  const text = await registry.metrics();
  expect(text).toContain('schedhint_preemptions_total{thread="main"} 70\n');
  expect(text).not.toContain('schedhint_gc_pause_seconds_count');
});

test('attaches no thread: the calling one is shown while others have attached it', async () => {
  const registry = new Registry();
  const other = `${map}-3`;
  const collecting = collect(registry, { map: other });
  stops.push(() => collecting.stop());
  expect(await registry.metrics()).not.toContain('thread=');
  expect(attachedThread({ map: other })).toBeUndefined();
  const attached = attachThread({ map: other, scoped: true });
  expect(await registry.metrics()).toContain('schedhint_bound{thread="main"} 0\n');
  attached.stop();
  expect(await registry.metrics()).not.toContain('thread=');
});

test('a histogram of prom-client, as its own would be', async () => {
  const buckets = [0.001, 0.01];
  const ours = new Registry();
  const theirs = new Registry();
  const collecting = collect(ours, { map, buckets });
  stops.push(() => collecting.stop());
  const name = 'schedhint_gc_pause_seconds';
  const help = 'GC pauses';
  const labelNames = ['thread', 'kind'];
  const histogram = new Histogram({ name, help, labelNames, buckets, registers: [theirs] });
  // What each pause took, by the observer of the same entries.
  const seen = vi.fn(({ kind, duration }: Collection) =>
    histogram.observe({ thread: 'main', kind }, duration / 1000),
  );
  const stop = observeCollections(seen);
  stops.push(() => stop?.());
  for (let i = 0; i < 3; i++) gc();
  await vi.waitFor(() => expect(seen.mock.calls.length).toBeGreaterThanOrEqual(3), 30_000);
  const textOf = (registry: Registry) => registry.getSingleMetricAsString(name);
  await vi.waitFor(async () => expect(await textOf(ours)).toBe(await textOf(theirs)), 30_000);
  expect(await textOf(ours)).toContain('le="+Inf"');
  for (const registry of [ours, theirs]) registry.resetMetrics();
  expect(await textOf(ours)).toBe(await textOf(theirs));
});

test('a registry for OpenMetrics, and labels of all metrics', async () => {
  const registry = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  registry.setDefaultLabels({ app: 'shop' });
  const collecting = collect(registry, { map, collections: false });
  const text = await registry.metrics();
  expect(text).toContain('# TYPE schedhint_preemptions counter\n');
  expect(text).toContain('schedhint_preemptions_total{thread="main",app="shop"} 70\n');
  expect(await registry.getMetricsAsJSON()).toContainEqual(
    expect.objectContaining({ type: 'gauge', name: 'schedhint_bound', aggregator: 'sum' }),
  );
  collecting.stop();
  expect(registry.getMetricsAsArray()).toEqual([]);
});

test('a registry that has a metric of that name stays as it is', () => {
  const registry = new Registry();
  new Gauge({ name: 'schedhint_read', help: 'mine', registers: [registry] });
  expect(() => collect(registry, { map })).toThrow('already been registered');
  expect(registry.getMetricsAsArray()).toHaveLength(1);
});

test.each([undefined, null, {}, { registry: new Registry() }, 'prometheus'])(
  'what is neither a registry nor a meter is refused: %s',
  (target) => {
    expect(() => collect(target as never)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_OPTION' }),
    );
  },
);

test('an unknown option is refused', () => {
  expect(() => collect(new Registry(), { collection: false } as never)).toThrow(
    /did you mean collections\?/,
  );
});

test('types: what the two packages declare is taken, and nothing else', () => {
  const check = (registry: Registry, meter: Meter) => {
    collect(registry);
    collect(meter, { buckets: [1] });
    // @ts-expect-error neither
    collect({ metrics: 1 });
    collect(registry, { threads: () => ({ main: thread }) });
  };
  expect(check).toBeTypeOf('function');
});
