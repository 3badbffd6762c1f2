// Runs `schedhint doctor` as a child process in a given set-up (another user, limits, Node.js options) and parses its report.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const command = file('../../../packages/schedhint/bin/schedhint.js');

export interface Diagnosis {
  readonly code: number | null;
  readonly ok: boolean;
  readonly status: { readonly state: string; readonly code?: string };
  readonly checks: readonly {
    readonly name: string;
    readonly state: 'pass' | 'warn' | 'fail' | 'skip';
    readonly found: string;
    readonly todo?: string;
  }[];
}

export interface SetUp {
  readonly map: string;
  /** A command that runs Node.js. */
  readonly through?: readonly string[];
  readonly nodeOptions?: readonly string[];
  /** Instead of the command: a program of this folder, and its arguments. */
  readonly program?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** What a command printed. */
export async function output(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; text: string; errors: string }> {
  const child = spawn(args[0]!, args.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', SCHEDHINT_BROKER: '', ...env },
  });
  let text = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  child.stderr.setEncoding('utf8').on('data', (part: string) => (errors += part));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text, errors };
}

/** `schedhint doctor --json` in a set-up. */
export async function diagnose({ map, through = [], nodeOptions = [], program, env = {} }: SetUp) {
  const [name, ...rest] = program ?? [];
  const what =
    name === undefined ? [command, 'doctor', '--json', '--map', map] : [file(name), ...rest];
  const { code, text, errors } = await output(
    [...through, process.execPath, ...nodeOptions, ...what],
    env,
  );
  if (!text.startsWith('{')) throw new Error(`the doctor said: ${text}${errors}`);
  return { code, ...JSON.parse(text) } as Diagnosis;
}

/** What is printed for people. */
export function report(...args: string[]) {
  return output([process.execPath, command, 'doctor', ...args], {});
}
