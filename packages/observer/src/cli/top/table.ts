// Defines the columns of `schedhint top`, and sorts and formats its rows.

import { URGENCY } from '@schedhint/core';
import type { Row } from './rows.js';

interface Column {
  readonly title: string;
  readonly width: number;
  readonly align: 'left' | 'right';
  readonly text: (row: Row) => string;
  /** Sorts by this, the largest first (of names: alphabetically). */
  readonly by: (row: Row) => number | string;
  /** The key that sorts by it. */
  readonly key: string;
}

const percent = (share: number) => (share * 100).toFixed(1);
const rate = (perSecond: number) =>
  perSecond < 9.95 ? perSecond.toFixed(1) : perSecond.toFixed(0);
const { normal: NORMAL } = URGENCY;
const orDash = (value: number) => (value === 0 ? '-' : String(value));

/** Sorted by name on the command line: `--sort gc%`. */
const COLUMNS = {
  pid: {
    title: 'PID',
    width: 7,
    align: 'right',
    text: ({ pid }) => String(pid),
    by: ({ pid }) => -pid,
    key: 'i',
  },
  process: {
    title: 'PROCESS',
    width: 14,
    align: 'left',
    text: ({ process }) => process,
    by: ({ process }) => process,
    key: 'n',
  },
  tid: {
    title: 'TID',
    width: 7,
    align: 'right',
    text: ({ tid }) => String(tid),
    by: ({ tid }) => -tid,
    key: 't',
  },
  thread: {
    title: 'THREAD',
    width: 11,
    align: 'left',
    text: ({ thread }) => thread,
    by: ({ thread }) => thread,
    key: 'm',
  },
  role: {
    title: 'ROLE',
    width: 6,
    align: 'left',
    text: ({ role }) => role || '-',
    by: ({ role }) => role,
    key: 'o',
  },
  runtime: {
    title: 'RUNTIME',
    width: 7,
    align: 'left',
    text: ({ runtime }) => (runtime === 'none' ? '-' : runtime),
    by: ({ runtime }) => runtime,
    key: 'e',
  },
  gc: {
    title: 'GC NOW',
    width: 7,
    align: 'left',
    text: ({ gc }) => gc || '-',
    by: ({ gc }) => (gc === '' ? 0 : 1),
    key: 'w',
  },
  gcShare: {
    title: 'GC%',
    width: 5,
    align: 'right',
    text: ({ gcShare }) => percent(gcShare),
    by: ({ gcShare }) => gcShare,
    key: 'g',
  },
  gcRate: {
    title: 'GC/s',
    width: 5,
    align: 'right',
    text: ({ gcRate }) => rate(gcRate),
    by: ({ gcRate }) => gcRate,
    key: 'a',
  },
  cpu: {
    title: 'CPU%',
    width: 5,
    align: 'right',
    text: ({ cpuShare }) => percent(cpuShare),
    by: ({ cpuShare }) => cpuShare,
    key: 'c',
  },
  delay: {
    title: 'DELAY%',
    width: 7,
    align: 'right',
    text: ({ delayShare }) => percent(delayShare),
    by: ({ delayShare }) => delayShare,
    key: 'd',
  },
  preempted: {
    title: 'PREE/s',
    width: 7,
    align: 'right',
    text: ({ preempted }) => rate(preempted),
    by: ({ preempted }) => preempted,
    key: 'p',
  },
  gcPreempted: {
    title: 'IN GC',
    width: 6,
    align: 'right',
    text: ({ gcPreempted }) => rate(gcPreempted),
    by: ({ gcPreempted }) => gcPreempted,
    key: 'x',
  },
  urgency: {
    title: 'URG',
    width: 5,
    align: 'right',
    text: ({ urgency, batch }) => (batch ? 'batch' : orDash(urgency)),
    // Without an opinion it is treated as normal.
    by: ({ urgency, batch }) => (batch ? 0 : urgency || NORMAL),
    key: 'u',
  },
  slice: {
    title: 'SLICE',
    width: 6,
    align: 'right',
    text: ({ sliceUs }) => orDash(sliceUs),
    by: ({ sliceUs }) => sliceUs,
    key: 's',
  },
  deadline: {
    title: 'DUE ms',
    width: 7,
    align: 'right',
    text: ({ deadlineMs }) => dueText(deadlineMs),
    by: ({ deadlineMs }) => (deadlineMs === null ? Number.NEGATIVE_INFINITY : -deadlineMs),
    key: 'l',
  },
  phase: {
    title: 'PHASE',
    width: 8,
    align: 'left',
    text: ({ phase }) => phase || '-',
    by: ({ phase }) => phase,
    key: 'f',
  },
} as const satisfies Record<string, Column>;
export type ColumnName = keyof typeof COLUMNS;

/** In their order on the screen. */
export const COLUMN_NAMES = Object.keys(COLUMNS) as ColumnName[];

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

function dueText(ms: number | null): string {
  if (ms === null) return '-';
  return Math.abs(ms) < 1e6 ? ms.toFixed(1) : ms.toExponential(0);
}

export function isColumn(name: string): name is ColumnName {
  return Object.hasOwn(COLUMNS, name);
}

/** The column that a key sorts by. */
export function columnOfKey(key: string): ColumnName | undefined {
  return COLUMN_NAMES.find((name) => COLUMNS[name].key === key);
}

/** What is shown of the rows, and how. */
export interface Order {
  readonly column: ColumnName;
  readonly reverse: boolean;
}

export function sorted(rows: readonly Row[], { column, reverse }: Order): Row[] {
  const { by } = COLUMNS[column];
  const compare = (a: Row, b: Row) => {
    const [x, y] = [by(a), by(b)];
    const order = typeof x === 'string' ? x.localeCompare(String(y)) : Number(y) - Number(x);
    // Ties must not jump about from one look to the next.
    return (reverse ? -order : order) || a.tid - b.tid;
  };
  return [...rows].sort(compare);
}

function cell({ width, align }: Column, text: string): string {
  const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text;
  return align === 'left' ? cut.padEnd(width) : cut.padStart(width);
}

/** The line of titles; the column that sorts is marked. */
export function titles({ column }: Order): string {
  return COLUMN_NAMES.map((name) => {
    const { title } = COLUMNS[name];
    return cell(COLUMNS[name], name === column ? `*${title}` : title);
  }).join(' ');
}

export function line(row: Row): string {
  return COLUMN_NAMES.map((name) => cell(COLUMNS[name], COLUMNS[name].text(row))).join(' ');
}

/** The line above the table. */
export function summary(
  rows: readonly Row[],
  helpers: { readonly threads: number; readonly cpuShare: number; readonly gcShare: number },
  { map, id }: { readonly map: string; readonly id: number },
): string {
  const processes = new Set(rows.map(({ pid }) => pid)).size;
  const inGc = rows.filter(({ gc }) => gc !== '').length;
  return [
    `schedhint top | ${map} (map ${id})`,
    `${counted(rows.length, 'thread')} of ${processes === 1 ? '1 process' : `${processes} processes`}, ${inGc} in a collection`,
    `${counted(helpers.threads, 'helper')}: ${percent(helpers.cpuShare)}% CPU, ${percent(helpers.gcShare)}% in collections`,
  ].join(' | ');
}
