import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BpfReader } from '../../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../../rig/bpffs.js';
import { describeOnKernel } from '../../rig/kernel-support.js';
import { nodeBinaries } from './node-binaries.js';

/** Runs a program in a Node.js. @returns how it ended, and what it said if it should not have */
async function run(node: string, program: string, ...args: string[]) {
  const file = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
  const child = spawn(node, [file, ...args], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code, signal] = await once(child, 'close');
  return { code, signal, output };
}

const fine = { code: 0, signal: null, output: '' };

describeOnKernel('one addon binary', () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let map: string;

  beforeAll(async () => {
    bpffs = mountBpffs();
    reader = await BpfReader.load('sampler', bpffs.path);
    map = `${bpffs.path}/schedhint`;
  });
  afterAll(async () => {
    await reader?.close();
    bpffs?.unmount();
  });

  describe.each(nodeBinaries())('in Node.js $version', ({ path }) => {
    test('attaches, hints and publishes collections, in the main thread and in a worker', async () => {
      expect(await run(path, 'addon.mjs', map)).toEqual(fine);
    });

    test('survives 200 worker lives that end at any moment', async () => {
      expect(await run(path, 'churn.mjs', map, '200')).toEqual(fine);
    });

    test('survives process.exit() in the middle of them', async () => {
      expect(await run(path, 'churn.mjs', map, '16', 'exit')).toEqual({ ...fine, code: 7 });
    });
  });
});

describe.each(nodeBinaries())('listeners of a status, Node.js $version', ({ path }) => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'schedhint-listeners-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('one that throws reaches uncaughtException with its stack; all others run', async () => {
    expect(await run(path, 'listeners.mjs', directory)).toEqual(fine);
  });

  test('without a handler the process ends as by any other exception', async () => {
    const { code, signal, output } = await run(path, 'listeners.mjs', directory, 'unhandled');
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    expect(output).toMatch(/Error: of the handle\n +at .*brokenListener .*listeners\.mjs/);
    expect(output).not.toContain('DEP0168');
  });
});
