// Defines the columns of `schedhint why`, and formats a row for each thread.

import { PART_WORDS } from '../../stalls/shared-record.js';
import type { ThreadUse } from '../process/use.js';

interface Column {
  readonly title: string;
  readonly width: number;
  readonly align: 'left' | 'right';
  /** @param ms how long the interval was */
  readonly text: (thread: ThreadUse, ms: number) => string;
}

const share = (part: number | null, ms: number) =>
  part === null ? '?' : ((part / ms) * 100).toFixed(1);
const rate = (count: number, ms: number) => {
  const perSecond = (count * 1000) / ms;
  return perSecond < 9.95 ? perSecond.toFixed(1) : perSecond.toFixed(0);
};
/** A number that only a thread which watches its stalls has. */
const ofStalls =
  (text: (stalls: NonNullable<ThreadUse['stalls']>, ms: number) => string) =>
  ({ stalls }: ThreadUse, ms: number) =>
    stalls === null ? '-' : text(stalls, ms);
const sum = (numbers: Readonly<Record<string, number>>) =>
  Object.values(numbers).reduce((total, one) => total + one, 0);

const right = (title: string, width: number, text: Column['text']): Column => ({
  title,
  width,
  align: 'right',
  text,
});

/** What is known of any process. */
const ALWAYS: readonly Column[] = [
  right('TID', 7, ({ tid }) => `${tid}`),
  { title: 'ROLE', width: 6, align: 'left', text: ({ role }) => role },
  { title: 'NAME', width: 15, align: 'left', text: ({ name }) => shown(name) },
  right('CPU%', 6, ({ cpuMs }, ms) => share(cpuMs, ms)),
  right('NO CPU%', 7, ({ noCpuMs }, ms) => share(noCpuMs, ms)),
  right('THROTTLED%', 10, ({ throttledMs }, ms) => share(throttledMs, ms)),
  right('SLEEPS/s', 8, ({ voluntarySwitches }, ms) => rate(voluntarySwitches, ms)),
  right('PREEMPT/s', 9, ({ involuntarySwitches }, ms) => rate(involuntarySwitches, ms)),
];

/** What only a process that watches its stalls reports. */
const WITH_STALLS: readonly Column[] = [
  right(
    'GC/s',
    6,
    ofStalls(({ collections }, ms) => rate(sum(collections), ms)),
  ),
  right(
    'GC%',
    5,
    ofStalls(({ collectionMs }, ms) => share(sum(collectionMs), ms)),
  ),
  right(
    'STALLS',
    6,
    ofStalls(({ stalls }) => `${stalls}`),
  ),
  {
    title: 'OF WHICH MS',
    width: 44,
    align: 'left',
    text: ofStalls(({ parts }) => partsText(parts)),
  },
];

/** `120 code, 38 GC`: the parts from the largest on; '-' without any. */
export function partsText(parts: NonNullable<ThreadUse['stalls']>['parts']): string {
  const names = Object.keys(PART_WORDS) as (keyof typeof PART_WORDS)[];
  const there = names.filter((name) => parts[name] >= 0.5).sort((a, b) => parts[b] - parts[a]);
  return there.map((name) => `${Math.round(parts[name])} ${PART_WORDS[name]}`).join(', ') || '-';
}

/** The columns, without those of stalls where no thread reports any. */
export function columnsFor(threads: readonly ThreadUse[]): readonly Column[] {
  return threads.some(({ stalls }) => stalls !== null) ? [...ALWAYS, ...WITH_STALLS] : ALWAYS;
}

const ROLE_ORDER = ['main', 'worker', 'v8', 'libuv', 'node', 'other'];

/** Those that run JavaScript first, then by their role and tid. */
export function inOrder(threads: readonly ThreadUse[]): readonly ThreadUse[] {
  const place = ({ role }: ThreadUse) => ROLE_ORDER.indexOf(role);
  return [...threads].sort((a, b) => place(a) - place(b) || a.tid - b.tid);
}

/** The line of titles. */
export function titles(columns: readonly Column[]): string {
  return columns.map((column) => cell(column, column.title)).join(' ');
}

/** The line of a thread. */
export function line(columns: readonly Column[], thread: ThreadUse, ms: number): string {
  return columns.map((column) => cell(column, column.text(thread, ms))).join(' ');
}

function cell({ width, align }: Column, text: string): string {
  const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text;
  return align === 'left' ? cut.padEnd(width) : cut.padStart(width);
}

/** A thread may call itself anything: no control characters to the terminal. */
export const shown = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?');
