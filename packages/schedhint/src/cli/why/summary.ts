// Says in sentences what `schedhint why` saw of a process.

import type { ProcessUse, ThreadUse } from '../process/use.js';
import { inOrder, partsText, shown } from './table.js';

const percent = (part: number, ms: number) => `${((part / ms) * 100).toFixed(1)} %`;
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** One sentence, or two, for each thread that runs JavaScript, one for its helpers, one for the quota. */
export function summary(use: ProcessUse): readonly string[] {
  const js = inOrder(use.threads).filter(({ role }) => role === 'main' || role === 'worker');
  return [...js.flatMap((thread) => ofThread(thread, use.ms)), ...ofHelpers(use), ofQuota(use)];
}

function ofThread(thread: ThreadUse, ms: number): string[] {
  const { cpuMs, noCpuMs, throttledMs, stalls } = thread;
  const waited =
    noCpuMs === null
      ? 'this kernel does not say how long it waited for one (CONFIG_SCHED_INFO)'
      : `waited for one ${percent(noCpuMs, ms)}` +
        (throttledMs! > 0 ? `, and was throttled by the quota ${percent(throttledMs!, ms)}` : '');
  const name =
    thread.role === 'main' ? 'The main thread' : `Worker ${thread.tid} (${shown(thread.name)})`;
  const first = `${name} was on a CPU ${percent(cpuMs, ms)} of ${seconds(ms)}, ${waited}.`;
  return stalls === null ? [first] : [first, ofStalls(stalls, ms)];
}

function ofStalls(stalls: NonNullable<ThreadUse['stalls']>, ms: number): string {
  const { minor, major, other } = stalls.collectionMs;
  const collected = `Collections took ${percent(minor + major + other, ms)} of its time (${stalls.collections.minor} minor, ${stalls.collections.major} major)`;
  if (stalls.stalls === 0) return `${collected}; no stall was over ${stalls.thresholdMs} ms.`;
  return `${collected}; it stalled ${stalls.stalls} times for over ${stalls.thresholdMs} ms, in ms: ${partsText(stalls.parts)}.`;
}

function ofHelpers({ threads, ms }: ProcessUse): string[] {
  const words = [
    ['v8', 'of V8'],
    ['libuv', "of libuv's pool"],
    ['node', 'of Node.js'],
    ['other', 'other'],
  ] as const;
  const lines = words.flatMap(([role, word]) => {
    const group = threads.filter((thread) => thread.role === role);
    if (group.length === 0) return [];
    const cpuMs = group.reduce((sum, thread) => sum + thread.cpuMs, 0);
    return [`${group.length} ${word} ${percent(cpuMs, ms)}`];
  });
  return lines.length === 0 ? [] : [`Helper threads used, in CPUs: ${lines.join(', ')}.`];
}

function ofQuota({ quota }: ProcessUse): string {
  if (quota === null) return 'It has no CPU quota that can be seen.';
  const { quotaCpus, periods, throttledPeriods } = quota;
  return `Its quota is ${Number(quotaCpus.toFixed(2))} CPUs: throttled in ${throttledPeriods} of ${periods} periods.`;
}
