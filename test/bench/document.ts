// Replaces the table between two markers in docs/performance.md with the results of a run.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { groups } from './groups.js';
import type { JsonRow, Report } from './report.js';
import { plain } from './table.js';

const DOCUMENT = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const BEGIN = '<!-- npm run bench -- --node all --write -->';
const END = '<!-- end -->';

/**
 * Puts the rows of a run into docs/performance.md, in the place of those of the run before. Rows of groups that were not measured stay,
 * if the rest of the table is of the same machine and the same versions of Node.js.
 */
export function writeDocument(reports: readonly Report[]): void {
  const text = readFileSync(DOCUMENT, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} has no place for the table`);
  writeFileSync(
    DOCUMENT,
    `${text.slice(0, begin)}${BEGIN}\n${tables(reports, text.slice(begin, end))}\n${text.slice(end)}`,
  );
}

/** Of each row the median in each Node.js, and its ratio; what lies between 10 % and 90 % behind it. */
function tables(reports: readonly Report[], before: string): string {
  const [first] = reports;
  const unit = (id: string) => {
    const rows = reports.map(({ rows }) => rows[id]!);
    const measured = rows.find((row) => !('why' in row));
    return measured === undefined || 'why' in measured ? '' : measured.unit;
  };
  const against = (id: string) => {
    const rows = reports.map(({ rows }) => rows[id]!);
    const measured = rows.find((row) => 'ratioTo' in row);
    return measured !== undefined && 'ratioTo' in measured ? `\`${measured.ratioTo}\`` : '';
  };
  const head = [
    `${first!.cpu}, ${first!.kernel}. Median (10 %–90 % of the samples), and its ratio to the row in the last column.`,
    '',
    line(['row', 'unit', ...reports.map(({ node }) => node), 'ratios to']),
    line(Array.from({ length: reports.length + 3 }, () => '---')),
  ].join('\n');
  const kept = before.includes(head) ? before.split('\n') : [];
  const lineOf = (id: string) =>
    id in first!.rows
      ? line([`\`${id}\``, unit(id), ...reports.map(({ rows }) => cell(rows[id]!)), against(id)])
      : kept.find((old) => old.startsWith(`| \`${id}\` |`));
  const lines = groups.flatMap(({ ids }) => ids).map(lineOf);
  return [head, ...lines.filter((one) => one !== undefined)].join('\n');
}

function cell(row: JsonRow): string {
  if ('why' in row) return row.why;
  const median = 'ns' in row ? row.ns : row.value;
  const spread = row.low === row.high ? '' : ` (${plain(row.low)}–${plain(row.high)})`;
  const ratio = row.ratio === undefined ? '' : `, x${plain(row.ratio)}`;
  return `${plain(median)}${spread}${ratio}`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
