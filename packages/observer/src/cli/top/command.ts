// Implements `schedhint top`: runs the observer and shows the difference between each two snapshots, in a live table on a
// terminal, else as plain text.

import { once } from 'node:events';
import { defineCommand, numberOption, type OptionValues, paintFor } from '@schedhint/core/cli';
import { type Observer, type ObserverOptions, startObserver } from '../../observer.js';
import type { Snapshot } from '../../snapshot.js';
import { accessOption, MAP_OPTIONS } from '../map-options.js';
import { type Interval, intervalOf, ProcessNames } from './rows.js';
import { Screen } from './screen.js';
import { COLUMN_NAMES, type ColumnName, isColumn, line, sorted, summary, titles } from './table.js';

const OPTIONS = {
  ...MAP_OPTIONS,
  pid: { value: '<pid>', text: 'the threads of this process only' },
  interval: { value: '<seconds>', text: 'between two looks', default: '1' },
  iterations: { value: '<n>', text: 'end after so many' },
  sort: {
    value: '<column>',
    text: 'pid, process, role, gcShare, cpu, delay, gcPreempted, …',
    default: 'gcShare',
  },
} as const;

/** What `schedhint top` was called with. */
type TopOptions = OptionValues<typeof OPTIONS>;

/** `schedhint top`. */
export const command = defineCommand({
  name: 'top',
  description:
    'Show all threads of the host that give hints, as a scheduler would see them (needs root).',
  options: OPTIONS,
  notes: 'If stdout is not a terminal, it prints one table after another.',
  action: top,
});

interface Checked {
  readonly observed: ObserverOptions;
  readonly iterations: number;
  readonly column: ColumnName;
}

/** Shows all bound threads, until it is ended. @throws Error with a `code` */
async function top(options: TopOptions): Promise<void> {
  const { observed, iterations, column } = check(options);
  const observer = await startObserver(observed);
  const end = () => void observer.stop().catch(() => {}); // the loop below reports it
  process.once('SIGINT', end).once('SIGTERM', end);
  const show = process.stdout.isTTY ? live(observer, column, end) : plain(observer, column);
  try {
    await follow(observer, iterations, show.next);
  } finally {
    show.close();
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

function check({ map, mode, group, pid, interval, iterations, sort }: TopOptions): Checked {
  if (!isColumn(sort)) {
    throw Object.assign(
      new Error(`--sort must be one of ${COLUMN_NAMES.join(', ')}; got ${sort}`),
      {
        code: 'ERR_SCHEDHINT_OPTION',
      },
    );
  }
  const whole = { from: 1, to: 2 ** 31 - 1, whole: true };
  return {
    observed: {
      ...(map === undefined ? {} : { map }),
      ...accessOption('top', { mode, group }),
      ...(pid === undefined ? {} : { pid: numberOption('--pid', pid, whole) }),
      intervalMs: Math.round(
        numberOption('--interval', interval, { from: 0.1, to: 3600, whole: false }) * 1000,
      ),
    },
    iterations:
      iterations === undefined
        ? Number.POSITIVE_INFINITY
        : numberOption('--iterations', iterations, whole),
    column: sort,
  };
}

async function follow(
  observer: Observer,
  iterations: number,
  next: (interval: Interval) => void | Promise<void>,
): Promise<void> {
  const names = new ProcessNames();
  let before: Snapshot | null = null;
  let shown = 0;
  for await (const snapshot of observer) {
    // More may have come while the last table was shown, or while the observer ends.
    if (snapshot.final || shown >= iterations) continue;
    if (before !== null) {
      await next(intervalOf(before, snapshot, names));
      shown++;
    }
    before = snapshot;
    if (shown >= iterations) await observer.stop();
  }
}

interface View {
  readonly next: (interval: Interval) => void | Promise<void>;
  readonly close: () => void;
}

function mapOf({ ready }: Observer) {
  return { map: ready.pin, id: ready.mapId };
}

function live(observer: Observer, column: ColumnName, onQuit: () => void): View {
  const paint = paintFor(process.stdout);
  const screen = new Screen(process.stdout, process.stdin, paint, column, onQuit);
  screen.open();
  screen.show({ rows: [], helpers: { threads: 0, cpuShare: 0, gcShare: 0 }, map: mapOf(observer) });
  return {
    next: (interval) => screen.show({ ...interval, map: mapOf(observer) }),
    close: () => screen.close(),
  };
}

/** One table after another; when its reader has gone, it ends. */
function plain(observer: Observer, column: ColumnName): View {
  const order = { column, reverse: false };
  const stop = () => void observer.stop().catch(() => {});
  process.stdout.on('error', stop);
  return {
    next: async ({ rows, helpers }) => {
      const lines = [
        summary(rows, helpers, mapOf(observer)),
        titles(order),
        ...sorted(rows, order).map(line),
      ];
      const text = `${lines.map((one) => one.trimEnd()).join('\n')}\n\n`;
      if (!process.stdout.write(text)) await once(process.stdout, 'drain').catch(() => {});
    },
    close: () => process.stdout.off('error', stop),
  };
}
