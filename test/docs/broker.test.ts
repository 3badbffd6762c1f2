// docs/broker.md against the source of the broker.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);
const read = (path: string) => readFileSync(at(path), 'utf8');
const page = read('docs/broker.md');
const options = read('broker/src/options.cc');

const unique = (words: Iterable<string>) => [...new Set(words)].sort();

/** The first column of the table under a heading, what stands in backquotes. */
function firstColumn(heading: string): string[] {
  const section = page.split(`## ${heading}\n`)[1]!.split('\n## ')[0]!;
  const cells = [...section.matchAll(/^\| (`(?:[^|]|\\\|)*) \|/gm)].map(([, cell]) => cell!);
  return unique(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word!)));
}

test('the log: every event of the source and no other', () => {
  const sources = readdirSync(at('broker/src')).filter((name) => name.endsWith('.cc'));
  const text = sources.map((name) => read(`broker/src/${name}`)).join();
  const events = unique([...text.matchAll(/event=([a-z-]+)/g)].map(([, event]) => event!));
  expect(events.length).toBeGreaterThan(10);
  expect(firstColumn('The log')).toEqual(events);
});

test('limits: the defaults', () => {
  const [, table] = /kDefaults = \{\{([^;]*)\}\};/.exec(options)!;
  const numbers = table!
    .replace('SCHEDHINT_BROKER_MEMORIES', '128')
    .replace(/\/\/.*/g, '')
    .match(/\d+/g)!;
  const resources = [
    ...options.matchAll(/kResourceNames\[kResources\] = \{([^}]*)\}/g),
  ][0]![1]!.match(/\w+/g)!;
  for (const [i, resource] of resources.entries()) {
    const defaults = [0, 1, 2, 3].map((level) => numbers[level * resources.length + i]);
    expect(page).toContain(`| \`${resource}\` | ${defaults.join(' | ')} |`);
  }
});

test('options: every one of the source', () => {
  const [, names] = /names = \{([^}]*)\}/.exec(options)!;
  const documented = firstColumn('Options').map((option) => /^--([a-z-]+)/.exec(option)![1]!);
  expect(documented).toEqual(
    unique([...names!.matchAll(/"([a-z-]+)"/g)].map(([, name]) => name!).concat('max-')),
  );
});
