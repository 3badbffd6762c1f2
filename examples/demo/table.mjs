// The table: what Node.js and the reader know of each thread, side by side.

const MS = 1e6;
const ms = (ns) => (ns === undefined ? '-' : (ns / MS).toFixed(ns < 10 * MS ? 1 : 0));
const or = (value) => (value === undefined || value === null ? '-' : String(value));

/** @param {string} reader the column title of its numbers */
const jsColumns = (reader) => [
  ['thread', ({ tid }) => or(tid || undefined)],
  ['role', ({ role }) => role],
  ['GCs: node', ({ node }) => or(node.gcCount)],
  [reader, ({ kernel }) => or(kernel?.gcCount)],
  ['GC ms: node', ({ node }) => ms(node.gcNs)],
  [reader, ({ kernel }) => ms(kernel?.gcNs)],
  ['urgency', ({ kernel }) => or(kernel?.hints.urgency)],
  ['phase', ({ kernel }) => or(kernel?.hints.phase)],
  ['slice us', ({ kernel }) => or(kernel?.hints.sliceUs)],
  ['due in ms', ({ kernel }, now) => dueIn(kernel?.hints.deadlineNs, now)],
  ['user', ({ kernel }) => or(kernel?.hints.user)],
  ['waited ms', ({ kernel }) => ms(kernel?.feedback.runDelayNs)],
  ['preempted', ({ kernel }) => or(kernel?.feedback.preempted)],
  ['in GC', ({ kernel }) => or(kernel?.feedback.gcPreempted)],
  ['map', (_, __, mapId) => or(mapId)],
];

const HELPER_COLUMNS = [
  ['thread', ({ tid }) => String(tid)],
  ['name', ({ kernel }) => kernel.comm],
  ['CPU ms', ({ kernel }) => ms(kernel.onCpuNs)],
  ['during GC', ({ kernel }) => ms(kernel.gcCpuNs)],
];

/** Deadlines are instants; a table shows how far off one was when it was read. */
function dueIn(deadlineNs, now) {
  if (deadlineNs === undefined || deadlineNs === '0' || now === undefined) return '-';
  return (Number(BigInt(deadlineNs) - BigInt(now)) / MS).toFixed(1);
}

/**
 * @param {{ reader: string, reason?: string, mapId: number | null }} head
 * @param {any[]} threads as joinThreads() returns them
 * @param {string} [now] when the reader looked
 * @returns {string[]} lines
 */
export function table(head, threads, now) {
  const js = threads.filter(({ role }) => role !== 'helper');
  const helpers = threads.filter(({ role }) => role === 'helper');
  const bpf = head.reader === 'bpf';
  const reader = bpf
    ? 'reader: BPF. What stands under "kernel", and right of it, was read in the kernel.'
    : `reader: embedded, a thread of the app that samples in place of the kernel: ${head.reason}`;
  const definitions = jsColumns(bpf ? 'kernel' : 'sampled');
  const lines = [reader, '', ...columns(definitions, js, now, head.mapId)];
  if (helpers.length === 0) return lines;
  const title = "V8's helper threads (and libuv's), which have no block:";
  return [...lines, '', title, ...columns(HELPER_COLUMNS, helpers)];
}

function columns(definitions, rows, ...rest) {
  const cells = [
    definitions.map(([title]) => title),
    ...rows.map((row) => definitions.map(([, show]) => show(row, ...rest))),
  ];
  const widths = definitions.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  return cells.map((line) => line.map((cell, i) => cell.padStart(widths[i])).join('  '));
}
