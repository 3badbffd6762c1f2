// npm run holds [-- --write]: measures what one process holds in each state, and with --write puts the
// table into docs/where-it-runs.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { whyNot } from '../rig/unsupported-reason.js';
import type { Held } from './held.js';
import { measureStates, STATES, type State } from './states.js';

const DOCUMENT = fileURLToPath(new URL('../../docs/where-it-runs.md', import.meta.url));
const BEGIN = '<!-- npm run holds -- --write -->';
const END = '<!-- end -->';

const MEANING: Record<State, string> = {
  disabled: '`SCHEDHINT=off`',
  'waiting, no bpffs':
    'waiting; no bpffs is mounted where the map would be, and no broker is there',
  'waiting, no map': 'waiting; a bpffs is mounted',
  bound: 'bound',
  'bound, and a worker': 'bound, and one worker too',
  'unbound again': 'unbound again: the map has gone',
  'bound by the broker': 'bound by the broker',
  'after detach': 'after the last scoped handle was stopped',
};

/** How the kernel calls what each descriptor is. */
const NAMES: Readonly<Record<string, string>> = {
  'bpf-map': 'the map',
  pidfd: 'pidfd',
};

function descriptorsOf({ descriptors }: Held): string {
  if (descriptors.length === 0) return '0';
  const names = descriptors.map((kind) => kind.replace(/^\/| \(deleted\)$/g, ''));
  return `${names.length}: ${names.map((name) => NAMES[name] ?? name).join(', ')}`;
}

function table(states: Record<State, Held>): string {
  const lines = STATES.map((state) => {
    const held = states[state];
    const inotify = held.descriptors.filter((kind) => kind === 'inotify').length;
    const cells = [descriptorsOf(held), held.threads.length, `${held.blocksKiB} KiB`, inotify];
    return `| ${[MEANING[state], ...cells].join(' | ')} |`;
  });
  return [
    `Linux ${release().replace(/-.*/, '')}, Node.js ${process.version}; over a process without schedhint.`,
    '',
    '| state | descriptors | threads | memory for blocks | inotify instances |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

const reason = whyNot();
if (reason !== null) {
  console.error(`cannot measure: ${reason}`);
  process.exit(1);
}
const measured = table(await measureStates());
console.log(measured);
if (process.argv.includes('--write')) {
  const text = readFileSync(DOCUMENT, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} has no place for the table`);
  writeFileSync(DOCUMENT, `${text.slice(0, begin)}${BEGIN}\n${measured}\n${text.slice(end)}`);
}
