// Reads a name for a process from /proc/PID/cmdline: the script that Node.js, Bun, Deno or Python executes, else the program.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Options of Node.js and Python that take a value. */
const WITH_VALUE = new Set(
  '-r --require --import --loader --env-file -C -e --eval -p --print -c -W -X'.split(' '),
);

/** The script that a process executes, or else its program; null: there is no such process. */
export function processName(pid: number): string | null {
  try {
    const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const isRuntime = /^(?:node|bun|deno|python)/.test(basename(program));
    return printable(basename(isRuntime ? scriptOf(args) || program : program));
  } catch {
    return null;
  }
}

/** The first argument that is neither an option nor an option's value; empty: none. */
function scriptOf(args: readonly string[]): string {
  return args.find((arg, i) => !arg.startsWith('-') && !WITH_VALUE.has(args[i - 1] ?? '')) ?? '';
}

/** Processes and threads may name themselves anything: no control characters to the terminal. */
export function printable(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '?');
}
