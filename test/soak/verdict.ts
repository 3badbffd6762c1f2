// Judges a soak run: memory may not grow faster than in a control process, and counts of resources may not rise in the later
// rounds. Ignores the first third of the rounds as warm-up.

import { growthOf } from './growth.js';

/** What a process holds after a round, with nothing under way. */
export interface Sample {
  /** Bytes. */
  readonly memory: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
  /** What each open descriptor is. */
  readonly open: readonly string[];
}

export interface Verdict {
  readonly name: string;
  readonly isFlat: boolean;
  /** What it is judged by. */
  readonly why: string;
}

/**
 * What growth over the judged rounds would have to be exceeded with certainty, bytes: below it are
 * V8's own tables, which come to rest after hundreds of rounds only.
 */
const FLOOR: Readonly<Record<string, number>> = { heap: 128 * 1024, rss: 4 * 1024 * 1024 };

/**
 * Where a count rests is a matter of pace: blocks that were given back wait for a second, so the
 * faster the rounds, the more of them wait at a time and the more pages they fill. Up to what all
 * blocks of a round need that is no leak.
 */
const RESTS_AT_MOST: Readonly<Record<string, number>> = { pages: 64 };

/** The first third is warm-up: code is compiled, pools and tables find their sizes. */
export function judged<T>(rounds: readonly T[]): readonly T[] {
  return rounds.slice(Math.floor(rounds.length / 3));
}

/**
 * Memory must not grow faster than that of a process which does the same without schedhint, round by
 * round. Counts must not be larger in the last third than they have been before.
 */
export function verdicts(subject: readonly Sample[], control: readonly Sample[]): Verdict[] {
  const [last] = subject.slice(-1);
  return [
    ...Object.keys(last!.memory).map((name) => {
      const difference = subject.map(({ memory }, i) => memory[name]! - control[i]!.memory[name]!);
      const { slope, margin, atLeast } = growthOf(judged(difference));
      return {
        name,
        isFlat: atLeast <= FLOOR[name]!,
        why: `${kib(slope)} +- ${kib(margin)} KiB a round more than the control; flat: at most ${kib(FLOOR[name]!)} KiB in all, certainly`,
      };
    }),
    ...Object.keys(last!.counts).map((name) => {
      const values = judged(subject).map(({ counts }) => counts[name]!);
      const half = Math.ceil(values.length / 2);
      const [before, after] = [values.slice(0, half), values.slice(half)].map((of) =>
        Math.max(...of),
      ) as [number, number];
      const most = Math.max(before, RESTS_AT_MOST[name] ?? 0);
      return { name, isFlat: after <= most, why: `at most ${before}, then ${after}` };
    }),
    verdictOfDescriptors(judged(subject)),
  ];
}

function kib(bytes: number): string {
  return (bytes / 1024).toFixed(1);
}

/** What is opened at its first use and kept is no leak: the first of a kind may come at any round. */
function verdictOfDescriptors(samples: readonly Sample[]): Verdict {
  const half = Math.ceil(samples.length / 2);
  const most = (of: readonly Sample[], kind: string) =>
    Math.max(...of.map(({ open }) => open.filter((name) => name === kind).length));
  const grown = [...new Set(samples.flatMap(({ open }) => open))].flatMap((kind) => {
    const [before, after] = [samples.slice(0, half), samples.slice(half)].map((of) =>
      most(of, kind),
    ) as [number, number];
    return after > Math.max(before, 1) ? [`${kind} at most ${before}, then ${after}`] : [];
  });
  const now = samples.at(-1)!.open.length;
  return {
    name: 'descriptors',
    isFlat: grown.length === 0,
    why: grown.join('; ') || `${now} open`,
  };
}
