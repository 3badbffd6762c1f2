// Runs a program of programs/ in a given Node.js and collects its exit code and output.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a program of this folder in a Node.js, with schedhint/register or without it. @returns its exit code, and what it printed */
export async function runProgram(
  node: string,
  program: string,
  args: readonly string[] = [],
  { preload = false, env = {} }: { preload?: boolean; env?: NodeJS.ProcessEnv } = {},
): Promise<{ code: number | string; output: string }> {
  const file = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
  const before = preload ? ['--require', 'schedhint/register'] : [];
  const child = spawn(node, [...before, file, ...args], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code, signal] = await once(child, 'close');
  return { code: code ?? signal, output };
}
