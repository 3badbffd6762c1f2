// Runs the program that makes one stall, with the preload watching, and finds what was reported of it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Stall, StallPart } from 'schedhint';

export const PROGRAM = fileURLToPath(new URL('programs/make-stall.mjs', import.meta.url));
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Without the addon, as where none is prebuilt. */
export const WITHOUT_ADDON = { SCHEDHINT_ADDON: '/nonexistent/schedhint.node' };

/** Where the program runs. */
export interface Surroundings {
  /** Words before the command. */
  readonly through?: readonly string[];
  readonly node?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly worker?: boolean;
}

/** A stall, as it was made and as it was reported. */
export interface MadeStall {
  readonly made: { readonly kind: string; readonly at: number; readonly ms: number };
  readonly reported: Stall;
}

/** The environment without what the machine has set. */
export const environment = (env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_OPTIONS: '',
  SCHEDHINT_BROKER: '',
  SCHEDHINT_MAP: '/nonexistent/schedhint',
  SCHEDHINT_QUIET: '1',
  ...env,
});

/** Runs a command. */
export async function run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv) {
  const child = spawn(command, args, {
    cwd: root,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  return { stdout, stderr, code: code as number | null };
}

/** Makes a stall of a kind and a length. */
export async function madeStall(
  kind: string,
  ms: number,
  { through = [], node = process.execPath, env, worker = false }: Surroundings = {},
): Promise<MadeStall> {
  const program = [PROGRAM, kind, `${ms}`, ...(worker ? ['worker'] : [])];
  const words = [...through, node, '--require', 'schedhint/register', ...program];
  const { stdout, stderr, code } = await run(words[0]!, words.slice(1), {
    SCHEDHINT_STALLS: `${Math.max(10, ms / 4)},json`,
    ...env,
  });
  if (code !== 0) throw new Error(`${words.join(' ')} has ended with ${code}: ${stderr}`);
  const made = JSON.parse(stdout) as MadeStall['made'];
  const stalls = stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Stall);
  // A turn of the loop may have more, and on a busy machine some ms may be between the stall and the reading of its clock.
  const reported = stalls.find(({ at, durationMs }) => {
    const overlap = Math.min(at + durationMs, made.at + made.ms) - Math.max(at, made.at);
    return overlap >= 0.9 * made.ms;
  });
  if (reported === undefined) {
    throw new Error(`no stall of ${JSON.stringify(made)} was reported:\n${stderr}`);
  }
  return { made, reported };
}

/** The largest part, but for some. */
export function largestOf({ parts }: Stall, but: readonly StallPart[] = []): StallPart {
  const all = (Object.entries(parts) as [StallPart, number][]).filter(
    ([part]) => !but.includes(part),
  );
  return all.reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}

/** Words before a command that keep other processes from its CPU, as far as this user may. */
export const UNDISTURBED = process.getuid?.() === 0 ? ['nice', '-n', '-20'] : [];

/** Processes that use one CPU, until the signal. */
export function hogs(count: number, cpu: number): { stop(): void } {
  const children = Array.from({ length: count }, () =>
    spawn('taskset', ['-c', `${cpu}`, 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' }),
  );
  return {
    stop() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

/** A CPU that this process may use. */
export function someCpu(): number {
  const [, first] = /^Cpus_allowed_list:\t(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
  return Number(first);
}
