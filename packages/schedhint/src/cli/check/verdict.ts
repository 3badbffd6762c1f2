// What a verdict of `schedhint check` is, and how its sentences show numbers.

/** What may be found, or not: `docs/check.md` has a section for each. */
export const VERDICTS = [
  'quota',
  'neighbours',
  'gc',
  'threadpool',
  'threads',
  'memory',
  'steal',
  'own code',
  'nothing wrong',
] as const;
type VerdictName = (typeof VERDICTS)[number];

/** One cause of lost time, or the absence of any. */
export interface Verdict {
  readonly verdict: VerdictName;
  /** What it means, in one sentence. */
  readonly says: string;
  /** What was measured. */
  readonly evidence: readonly string[];
  /** What to do, or to run next. */
  readonly next: string;
  /** Share of the time that it cost the thread that suffered most, 0 to 1; the verdicts are in this order. */
  readonly share: number;
}

/** A share as `12 %`. */
export const percent = (share: number): string =>
  `${share >= 0.0995 || share === 0 ? Math.round(share * 100) : (share * 100).toFixed(1)} %`;

/** A time as `340 ms` or `2.1 s`. */
export const time = (ms: number): string =>
  ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;

/** CPUs as `0.5 CPUs`. */
export const cpus = (count: number): string =>
  `${Number(count.toFixed(count < 10 ? 1 : 0))} ${count.toFixed(1) === '1.0' ? 'CPU' : 'CPUs'}`;

/** Bytes as `64 MB`, in units of 2^20 as V8's options have them. */
export const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
