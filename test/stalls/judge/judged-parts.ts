// Divides a stall by the states of its thread, which the kernel's scheduler has shown, and by the collections' pauses.

import type { StallPart } from 'schedhint';
import type { StateInterval, ThreadState } from './thread-states.js';

/** ns of CLOCK_MONOTONIC. */
export interface Span {
  readonly startNs: number;
  readonly endNs: number;
}

/** What a stall was made of, ms. `idle`: the loop waited for events, which is no part of a stall. */
export type JudgedParts = Readonly<Record<StallPart | 'idle', number>>;

/** The part that a state is outside of pauses. */
const PART_OF: Readonly<Record<ThreadState, StallPart>> = {
  onCpu: 'code',
  ready: 'noCpu',
  throttled: 'throttled',
  asleep: 'blocked',
  stopped: 'paused',
  unknown: 'unknown',
};

const lengthOf = ({ startNs, endNs }: Span) => Math.max(0, endNs - startNs);

/** What two have in common. */
const common = (a: Span, b: Span): Span => ({
  startNs: Math.max(a.startNs, b.startNs),
  endNs: Math.min(a.endNs, b.endNs),
});

/**
 * What runs at a pause's end, ns: V8's epilogue callbacks, one after another, 2 to 7 us. More is V8's own work, of which a young collection
 * has 100 us in all: in Node.js 26 its main thread often loses its CPU in the middle of that to the helpers that it wakes.
 */
const EPILOGUES_NS = 10_000;

/**
 * Where V8's work of a pause ended. perf_hooks has its end from the last epilogue callback: a thread that loses its CPU in the one before, in
 * which the addon reads the CPU time, has no more to do in the pause.
 */
function withoutEpilogues(pause: Span, intervals: readonly StateInterval[]): Span {
  const last = intervals.findIndex(
    ({ startNs, endNs }) => startNs < pause.endNs && endNs >= pause.endNs,
  );
  const [wait, run] = [intervals[last - 1], intervals[last]];
  const isWait = wait !== undefined && (wait.state === 'ready' || wait.state === 'throttled');
  if (!isWait || run!.state !== 'onCpu' || wait.startNs < pause.startNs) return pause;
  return pause.endNs - run!.startNs < EPILOGUES_NS ? { ...pause, endNs: wait.startNs } : pause;
}

/**
 * Divides what was reported as a stall.
 *
 * @param reported when it was, as reported
 * @param made when it was, as its maker knows: a wait outside of that is the loop's
 * @param reportedPauses of the collector, as perf_hooks has them; they do not overlap
 */
export function judgedParts(
  reported: Span,
  made: Span,
  intervals: readonly StateInterval[],
  reportedPauses: readonly Span[],
): JudgedParts {
  const pauses = reportedPauses.map((pause) => withoutEpilogues(pause, intervals));
  const parts = { gc: 0, code: 0, noCpu: 0, throttled: 0, blocked: 0, paused: 0 };
  const all = { ...parts, unknown: lengthOf(reported) / 1e6, idle: 0 };
  const add = (part: StallPart | 'idle', ns: number) => {
    all[part] += ns / 1e6;
    all.unknown -= ns / 1e6;
  };
  const inPauses = (span: Span) =>
    pauses.reduce((ns, pause) => ns + lengthOf(common(span, pause)), 0);
  for (const interval of intervals) {
    const seen = common(interval, reported);
    const ns = lengthOf(seen);
    if (ns === 0) continue;
    const gcNs = inPauses(seen);
    add('gc', gcNs);
    const part = PART_OF[interval.state];
    if (part === 'code' || part === 'noCpu') {
      // Of what the hypervisor took the pauses have their share.
      const share = interval.ranNs / lengthOf(interval);
      add('code', (ns - gcNs) * share);
      add(part === 'code' ? 'paused' : 'noCpu', (ns - gcNs) * (1 - share));
    } else if (part === 'blocked') {
      const inside = common(seen, made);
      const blockedNs = lengthOf(inside) - inPauses(inside);
      add('blocked', blockedNs);
      add('idle', ns - gcNs - blockedNs);
    } else if (part !== 'unknown') {
      add(part, ns - gcNs);
    }
  }
  return { ...all, unknown: Math.max(0, all.unknown) };
}
