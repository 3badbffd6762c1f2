// Reads the results of bpf/sampler.bpf.c: samples of the GC word taken at clock ticks and context switches, and per-thread counts
// of consistent and inconsistent reads of the hint group.

import type { BpfReader } from './bpf-reader.js';

/** How many samples it keeps. */
export const SAMPLES = 65536;

export const Source = { tick: 0, switchOut: 1, switchIn: 2 } as const;

export interface Sample {
  readonly ns: number;
  readonly tid: number;
  /** The thread's own gc word. */
  readonly gc: number;
  /** It, or its process, is in a pause. */
  readonly inProcessGc: boolean;
  readonly source: number;
}

/** In the order of time. */
export async function readSamples(reader: BpfReader): Promise<Sample[]> {
  const count = Number((await reader.get('sample_count', 0)).readBigUInt64LE());
  const entries = await reader.dump('samples', Math.min(count, SAMPLES));
  return entries
    .map(([, value]) => ({
      ns: Number(value.readBigUInt64LE(0)),
      tid: value.readUInt32LE(8),
      gc: value.readUInt32LE(12),
      inProcessGc: value.readUInt32LE(16) !== 0,
      source: value.readUInt32LE(20),
    }))
    .sort((a, b) => a.ns - b.ns);
}

/** A thread's counts: struct task_counts. */
export interface TaskCounts {
  readonly helperSamples: bigint;
  readonly helperGcSamples: bigint;
  readonly groupsGood: bigint;
  readonly groupsKept: bigint;
  readonly mixed: bigint;
  readonly gcInGroup: bigint;
}

export async function readTasks(reader: BpfReader): Promise<Map<number, TaskCounts>> {
  const entries = await reader.dump('tasks');
  return new Map(
    entries.map(([key, value]) => [
      key.readUInt32LE(),
      {
        helperSamples: value.readBigUInt64LE(24),
        helperGcSamples: value.readBigUInt64LE(32),
        groupsGood: value.readBigUInt64LE(40),
        groupsKept: value.readBigUInt64LE(48),
        mixed: value.readBigUInt64LE(56),
        gcInGroup: value.readBigUInt64LE(64),
      },
    ]),
  );
}
