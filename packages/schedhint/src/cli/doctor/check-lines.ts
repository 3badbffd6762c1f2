// Prints checks for people: a line for each, and what to do under it.

import { type Paint, paintFor } from '@schedhint/core/cli';
import type { Check, CheckState } from './check.js';

const STYLES = { pass: 'green', warn: 'yellow', fail: 'red', skip: 'dim' } as const;
const NAME_WIDTH = 16;

/** With colours where standard output is a terminal. */
export function linesOf(checks: readonly Check[]): string {
  const paint = paintFor(process.stdout);
  return checks.map((check) => `${textOf(check, paint)}\n`).join('');
}

/** `5 pass, 1 warn, 0 fail`. */
export function countsOf(checks: readonly Check[]): string {
  const count = (state: CheckState) => checks.filter((check) => check.state === state).length;
  return (['pass', 'warn', 'fail'] as const).map((state) => `${count(state)} ${state}`).join(', ');
}

function textOf({ name, state, found, todo }: Check, paint: Paint): string {
  const line = `${paint(STYLES[state], state)}  ${name.padEnd(NAME_WIDTH)}${found}`;
  return todo === undefined ? line : `${line}\n${' '.repeat(6 + NAME_WIDTH)}-> ${todo}`;
}
