// Runs `schedhint check -- APP` and reads its verdicts.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const bin = file('../../packages/schedhint/bin/schedhint.js');

/** The file of an app. */
export const app = (name: string): string => file(`apps/${name}.mjs`);

/** What `check --json` says. */
export interface CheckReport {
  readonly pid: number;
  readonly account: string;
  readonly ending: string | null;
  readonly verdicts: readonly {
    readonly verdict: string;
    readonly evidence: readonly string[];
    readonly next: string;
    readonly share: number;
  }[];
}

/** Runs the command. */
export async function schedhint(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [bin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

/** Starts a command, measures it, and ends it. */
export async function check(
  command: readonly string[],
  { seconds = 3, env = {} }: { seconds?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<CheckReport> {
  const args = ['check', '--json', '--seconds', `${seconds}`, '--after', '1', '--', ...command];
  const { code, stdout, stderr } = await schedhint(args, env);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as CheckReport;
}

/** The names of the verdicts. */
export const names = ({ verdicts }: CheckReport): string[] =>
  verdicts.map(({ verdict }) => verdict);
