// Formats the report of a run as a text table.

import type { JsonRow, Report } from './report.js';

const HEAD = ['row', 'median', '10 %', '90 %', 'unit', 'ratio', 'to'];

/** The table of one run, as people read it. */
export function tableOf({ node, cpu, kernel, rows }: Report): string {
  const lines = [HEAD, ...Object.entries(rows).map(([id, row]) => cells(id, row))];
  const measured = lines.filter((line) => line.length > 2);
  const widths = HEAD.map((_, i) => Math.max(...measured.map((line) => line[i]?.length ?? 0)));
  widths[0] = Math.max(...lines.map((line) => line[0]!.length));
  const text = lines.map((line) =>
    line.length === 2
      ? `${line[0]!.padEnd(widths[0]!)}  cannot be measured here: ${line[1]}`
      : line
          .map((cell, i) => pad(cell, i, widths[i]!))
          .join('  ')
          .trimEnd(),
  );
  return [`Node.js ${node}, ${cpu}, ${kernel}`, ...text].join('\n');
}

/** Those of a row that could not be measured are two: its name, and why. */
function cells(id: string, row: JsonRow): string[] {
  if ('why' in row) return [id, row.why];
  const { low, high, unit, ratio, ratioTo } = row;
  const median = 'ns' in row ? row.ns : row.value;
  const numbers = [median, low, high].map(plain);
  return [id, ...numbers, unit, ratio === undefined ? '' : plain(ratio), ratioTo ?? ''];
}

function pad(cell: string, column: number, width: number): string {
  const isText = column === 0 || column === 4 || column === 6;
  return isText ? cell.padEnd(width) : cell.padStart(width);
}

/** A number with three significant digits, and none of them in an exponent. */
export function plain(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(size >= 10 ? 1 : 2);
}
