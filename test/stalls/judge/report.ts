// Prints what was judged: a line for each kind, with the causes that were reported, and what was wrong.

import { type Judgement, largest, PARTS } from './judgement.js';

const COLUMN = 10;
const KIND = 16;

/** Of all judgements, in the order of their kinds. */
export function printTable(title: string, judgements: readonly Judgement[]): void {
  const heads = ['stalls', 'right', 'cause', 'unknown', '|', ...PARTS, 'none'];
  console.log(`\n${title}\n${'made'.padEnd(KIND)}${line(heads)}`);
  for (const kind of new Set(judgements.map((judgement) => judgement.kind))) {
    printLine(
      kind,
      judgements.filter((judgement) => judgement.kind === kind),
    );
  }
  printLine('all', judgements);
}

function printLine(name: string, judgements: readonly Judgement[]): void {
  const causes = judgements.map(({ reported }) => (reported === null ? 'none' : largest(reported)));
  const count = (cause: string) => causes.filter((found) => found === cause).length;
  const mostUnknown = Math.max(...judgements.map(({ unknownShare }) => unknownShare));
  const cells = [
    judgements.length,
    judgements.filter(isRight).length,
    judgements.filter(({ hasRightCause }) => hasRightCause).length,
    `${(100 * mostUnknown).toFixed(1)} %`,
    '|',
    ...[...PARTS, 'none'].map((cause) => count(cause) || '.'),
  ];
  console.log(`${name.padEnd(KIND)}${line(cells)}`);
}

/** Each part is as judged, and the fault was made. */
export function isRight({ wrong, notMade }: Judgement): boolean {
  return wrong === '' && notMade === '';
}

/** What is wrong with a stall, in a sentence. */
export function problemOf({ kind, ms, wrong, notMade }: Judgement): string {
  const what = [wrong, ...(notMade === '' ? [] : [`not made: ${notMade}`])].filter(
    (text) => text !== '',
  );
  return `${kind}, ${ms.toFixed(0)} ms: ${what.join('; ')}`;
}

const line = (cells: readonly (string | number)[]) =>
  cells.map((cell) => `${cell}`.padStart(cell === '|' ? 3 : COLUMN)).join('');
