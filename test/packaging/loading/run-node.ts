// Runs a Node.js process to its end with the variables under test removed from its environment, and collects its output.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a Node.js to its end. Of the environment it has no variable that these tests are about. */
export async function runNode(
  args: readonly string[],
  {
    node = process.execPath,
    cwd,
    env = {},
  }: { node?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const { SCHEDHINT, SCHEDHINT_ADDON, SCHEDHINT_QUIET, NODE_DEBUG, ...others } = process.env;
  const child = spawn(node, args, { cwd, env: { ...others, NODE_OPTIONS: '', ...env } });
  const said = ['', ''];
  [child.stdout, child.stderr].forEach((stream, i) => {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said[i] += text;
    });
  });
  const [code, signal] = await once(child, 'close');
  return { code, signal, stdout: said[0]!, stderr: said[1]! };
}

/** The object that a program has printed; fails unless it has ended well. */
export function printed({ code, signal, stdout, stderr }: Ended): Record<string, unknown> {
  if (code !== 0 || signal !== null) {
    throw new Error(`it ended with ${signal ?? code}: ${stdout}${stderr}`);
  }
  return JSON.parse(stdout);
}
