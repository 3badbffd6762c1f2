// Writes the figures into the page of the scheduler's package, from test/matrix/results/scheduler.json: node test/scheduler/figures.mjs.

import { readFileSync, writeFileSync } from 'node:fs';

const PAGE = new URL('../../packages/scheduler/README.md', import.meta.url);
const RESULTS = new URL('../matrix/results/scheduler.json', import.meta.url);
const BETWEEN = /(<!-- figures[^>]*-->\n)[\s\S]*?(\n<!-- \/figures -->)/;

const range = (values, unit) => {
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(1));
  return `${least} to ${most} ${unit}`;
};

/** The sleepers' p99 and the work that was done, over all scenarios of a row. */
function fairLine(name, { table: [head, ...lines] }) {
  const column = (title) => head.indexOf(title);
  const of = (title, isWanted) =>
    lines.filter(isWanted).map((line) => Number.parseFloat(line[column(title)]));
  const sleeps = (line) => line[column('who')] === 'sleepers';
  const isKernel = (line) => line[column('under')] === 'kernel';
  const p99 = (isWanted) =>
    range(
      of('p99', (line) => sleeps(line) && isWanted(line)),
      'ms',
    );
  const work = range(
    of('work', (line) => sleeps(line) && !isKernel(line)),
    '%',
  );
  const cpus = name.slice('fair-'.length);
  return `| ${cpus} CPUs: p99 of wakeups | ${p99((line) => !isKernel(line))} | ${p99(isKernel)} | work ${work} |`;
}

/** @param {Record<string, any>} results of the matrix */
export function figures(results) {
  const line = (title, name) =>
    results[name]?.found ? [`| ${title} | ${results[name].found} | | |`] : [];
  return [
    '| in the VM, three seeds | scx_schedhint | kernel default | |',
    '| --- | --- | --- | --- |',
    ...Object.entries(results).flatMap(([name, row]) =>
      name.startsWith('fair-') ? [fairLine(name, row)] : [],
    ),
    ...line('2 CPUs, programs that lie', 'bounded-2'),
    ...line('8 CPUs, programs that lie', 'bounded-8'),
    ...line('cgroups', 'cgroups'),
    ...line('SMT and two LLCs', 'topology'),
    ...line('10 minutes of changes of the machine', 'machine'),
    ...line('instructions for a switch', 'cost'),
  ].join('\n');
}

export const withFigures = (page, results) => page.replace(BETWEEN, `$1\n${figures(results)}\n$2`);

export const readPage = () => readFileSync(PAGE, 'utf8');
export const readResults = () => JSON.parse(readFileSync(RESULTS, 'utf8'));

if (import.meta.main ?? process.argv[1]?.endsWith('figures.mjs')) {
  writeFileSync(PAGE, withFigures(readPage(), readResults()));
}
