// The command of @schedhint/scheduler, with a shell script in the place of the scheduler.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const COMMAND = fileURLToPath(
  new URL('../../../packages/scheduler/bin/scx_schedhint.js', import.meta.url),
);
let home: string;
let command: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'schedhint-launcher-'));
  mkdirSync(join(home, 'bin'));
  command = join(home, 'bin/scx_schedhint.js');
  cpSync(COMMAND, command);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** What the package has for a processor. */
function program(script: string, arch: string = process.arch): string {
  const folder = join(home, 'prebuilds', `linux-${arch}`);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'scx_schedhint');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const run = (...args: string[]) =>
  spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', input: 'from stdin\n' });

test('arguments, standard streams and the exit status are the program’s', () => {
  program('printf "%s|" "$@"; cat; echo complaint >&2; exit 75');
  const { status, stdout, stderr } = run('--hints', 'gc,a b', '');
  expect({ status, stdout, stderr }).toEqual({
    status: 75,
    stdout: '--hints|gc,a b||from stdin\n',
    stderr: 'complaint\n',
  });
});

/** Starts it and waits until the program says that it is ready. */
async function start(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [command], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return child;
}

describe.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)('%s', (signal) => {
  const name = signal.slice('SIG'.length);

  test('reaches the program, which ends in order', async () => {
    program(`trap 'exit 7' ${name}; echo ready; while :; do sleep 0.05; done`);
    const child = await start();
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([7, null]);
  });

  test('ends the program, and is what the command ends with', async () => {
    program('echo ready; exec sleep 1000');
    const child = await start();
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([null, signal]);
  });
});

test('a signal that ends the program ends the command in the same way', () => {
  program('kill -KILL $$');
  expect(run()).toMatchObject({ status: null, signal: 'SIGKILL' });
});

/** As on another machine. */
function play(property: 'arch' | 'platform', value: string) {
  const preload = join(home, 'played.cjs');
  writeFileSync(preload, `Object.defineProperty(process, '${property}', { value: '${value}' });`);
  return spawnSync(process.execPath, ['--require', preload, command], { encoding: 'utf8' });
}

test.each([
  [
    'another processor',
    () => play('arch', 'riscv64'),
    /has a program for arm64 and x64, and this processor is riscv64/,
  ],
  ['another system', () => play('platform', 'darwin'), /for Linux .* the system is darwin/],
])('%s: says so in one line and refuses', (_, act, text) => {
  for (const arch of ['x64', 'arm64']) program('exit 0', arch);
  const { status, stdout, stderr } = act();
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(new RegExp(`^scx_schedhint: .*${text.source}.*\n$`));
});

test('a package without programs: says what makes them', () => {
  expect(run()).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^scx_schedhint: \S+prebuilds is missing: .*npm run pack/),
  });
});

test('a program that may not be executed: says what the kernel said', () => {
  chmodSync(program('exit 0'), 0o644);
  expect(run()).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^scx_schedhint: \S+ cannot be run: .*EACCES\n$/),
  });
});
