import { afterEach, beforeEach, expect, test } from 'vitest';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Context, NodeProcess, type NodeWorker } from '../rig/node-process.js';
import { readSamples, readTasks, SAMPLES, Source } from '../rig/sampler.js';

const SECONDS = 2;

/**
 * How far a sample may lie outside of the pause that perf_hooks reports. Our callback and Node's
 * own stand one after the other in V8's list: the flag is set up to a few microseconds before Node
 * takes its start time, and its end time is taken after the flag was cleared. The clocks of two
 * CPUs, and our conversion from performance.now(), add about a microsecond.
 */
const MARGIN_NS = 50_000;

/** A thread can lose its CPU just between the two callbacks: one sample in a hundred may. */
const MOST = 0.99;

/** Pauses of a thread, on the clock of bpf_ktime_get_ns(). */
type Pause = [startNs: number, endNs: number];

function start({ schedhint, require, keep }: Context, map: string): number {
  const { PerformanceObserver } = require('node:perf_hooks') as typeof import('node:perf_hooks');
  keep.hints = schedhint.startGcHints({ map });
  keep.pauses = [];
  // The first clock is read before the second: whatever comes in between makes the difference less.
  const differences = Array.from(
    { length: 100 },
    () => Number(schedhint.monotonicNs()) - performance.now() * 1e6,
  );
  const offset = Math.max(...differences);
  keep.observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      const startNs = startTime * 1e6 + offset;
      keep.pauses.push([startNs, startNs + duration * 1e6]);
    }
  });
  keep.observer.observe({ entryTypes: ['gc'] });
  return keep.hints.thread.tid;
}

/** Makes garbage and keeps some of it, so that there are scavenges and mark-compacts. */
async function churn({ keep, schedhint }: Context, seconds: number) {
  const survivors: unknown[] = [];
  const startNs = Number(schedhint.monotonicNs());
  // As long as it takes on a busy machine.
  while (Number(schedhint.monotonicNs()) < startNs + seconds * 1e9 || keep.pauses.length < 40) {
    for (let i = 0; i < 2000; i++) survivors.push({ i, text: `${i}`, list: [i, i, i] });
    if (survivors.length > 300_000) survivors.length = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const endNs = Number(schedhint.monotonicNs());
  // The entries of what was until now arrive some turns later.
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  return { pauses: keep.pauses as Pause[], startNs, endNs };
}

const within = ([start, end]: Pause, ns: number, margin: number) =>
  ns >= start - margin && ns <= end + margin;
const share = (part: number, whole: number) => part / whole;

describeOnKernel('the flag is live', () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let node: NodeProcess;
  let map: string;

  beforeEach(async () => {
    bpffs = mountBpffs();
    reader = await BpfReader.load('sampler', bpffs.path, '--period-us', '200');
    map = `${bpffs.path}/schedhint`;
    node = await NodeProcess.start();
  });
  afterEach(async () => {
    await node?.kill();
    await reader?.close();
    bpffs?.unmount();
  });

  test.each(['main', 'worker'] as const)('in the %s thread', async (where) => {
    const thread: NodeProcess | NodeWorker = where === 'main' ? node : await node.startWorker();
    const tid = await thread.run(start, map);
    await reader.set('control', 0, [node.pid]);
    const { pauses, startNs, endNs } = await thread.run(churn, SECONDS);
    await reader.detach();
    const all = await readSamples(reader);
    const samples = all.filter(({ ns }) => ns >= startNs && ns < endNs);
    const tasks = await readTasks(reader);
    expect(all.length).toBeLessThan(SAMPLES); // else the last pauses were not sampled
    expect(pauses.length).toBeGreaterThanOrEqual(40);

    const own = samples.filter((sample) => sample.tid === tid);
    const inGc = own.filter(({ gc }) => gc !== 0);
    expect(inGc.length).toBeGreaterThan(100);
    // Set: only inside of a pause.
    const inside = inGc.filter(({ ns }) => pauses.some((pause) => within(pause, ns, MARGIN_NS)));
    expect(share(inside.length, inGc.length)).toBeGreaterThanOrEqual(MOST);
    // Inside of a pause: set.
    const deep = own.filter(({ ns }) => pauses.some((pause) => within(pause, ns, -MARGIN_NS)));
    expect(deep.length).toBeGreaterThan(100);
    const flagged = deep.filter(({ gc }) => gc !== 0);
    expect(share(flagged.length, deep.length)).toBeGreaterThanOrEqual(MOST);

    // CPU time in collections, from Node's pauses and the kernel's switches.
    let onCpu = 0;
    let onCpuInGc = 0;
    let since: number | null = null;
    for (const { ns, source } of own) {
      if (source === Source.switchIn) since = ns;
      if (source !== Source.switchOut || since === null) continue;
      onCpu += ns - since;
      for (const [start, end] of pauses) {
        onCpuInGc += Math.max(0, Math.min(ns, end) - Math.max(since, start));
      }
      since = null;
    }
    const ticks = own.filter(({ source }) => source === Source.tick);
    const byTime = share(onCpuInGc, onCpu);
    const bySamples = share(ticks.filter(({ gc }) => gc !== 0).length, ticks.length);
    expect(byTime).toBeGreaterThan(0.05);
    expect(Math.abs(bySamples - byTime)).toBeLessThan(0.05);

    // V8's helpers have no element: BPF finds the pause through their leader.
    const helpers = [...tasks].filter(([id, counts]) => id !== tid && counts.helperGcSamples > 0n);
    expect(helpers.length).toBeGreaterThan(0);
    const helperIds = new Set(helpers.map(([id]) => id));
    const helping = samples.filter(
      (sample) => helperIds.has(sample.tid) && sample.inProcessGc && sample.source === Source.tick,
    );
    expect(helping.length).toBeGreaterThan(10);
    for (const sample of helping) expect(sample.gc).toBe(0);
    const helped = helping.filter(({ ns }) => pauses.some((pause) => within(pause, ns, MARGIN_NS)));
    expect(share(helped.length, helping.length)).toBeGreaterThanOrEqual(MOST);
  });
});
