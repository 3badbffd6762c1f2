// SCHEDHINT=off: an app that is full of schedhint runs as if it were not there.

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { mountBpffs } from '../../rig/bpffs.js';
import { describeOnKernel } from '../../rig/kernel-support.js';
import { Observer } from '../../rig/observer-process.js';
import { nodeBinaries } from '../node-versions/node-binaries.js';
import { printed, runNode } from './run-node.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = (name: string) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const OFF = { SCHEDHINT: 'off' };

const run = (args: readonly string[], env: NodeJS.ProcessEnv, node = process.execPath) =>
  runNode(args, { node, cwd: root, env: { SCHEDHINT_MAP: '/nonexistent/schedhint', ...env } });

describe.each(nodeBinaries())('in Node.js $version', ({ path }) => {
  test('every API gives a handle on private memory, and leaves nothing behind', async () => {
    const ended = await run([program('every-api.cjs')], OFF, path);
    expect(printed(ended)).toEqual({
      statuses: ['ERR_SCHEDHINT_DISABLED'],
      workerStatus: 'ERR_SCHEDHINT_DISABLED',
      sources: ['none'],
      published: false,
      urgency: 900,
      ran: 2,
      payload: 'ok',
      inFlight: 0,
      starved: false,
      feedback: 'none',
      lines: 1, // of the thread that was given to logStatus()
      newFiles: [],
      newThreads: [],
      newDescriptors: 0,
      observers: 0,
      asyncHooksEnabled: 0,
      workerListeners: 0,
      serverListeners: 0,
      hasSubscribers: false,
      tracksAllServers: false,
    });
    expect(ended.stderr).toBe('');
  });
});

describeOnKernel('without it', () => {
  test('each of these counts is another: they can be counted', async () => {
    const bpffs = mountBpffs();
    const SCHEDHINT_MAP = `${bpffs.path}/schedhint`;
    const observer = await Observer.start(SCHEDHINT_MAP); // so that there is something to hold
    try {
      expectMore(printed(await run([program('every-api.cjs')], { SCHEDHINT_MAP })));
    } finally {
      await observer.stop();
      bpffs.unmount();
    }
  });
});

function expectMore(said: Record<string, unknown>): void {
  const isMore = expect.toSatisfy((count: number) => count > 0);
  expect(said).toMatchObject({
    published: true,
    newFiles: ['schedhint.node'],
    newThreads: ['schedhint-watch'],
    newDescriptors: isMore,
    inFlight: isMore,
    feedback: 'bpf',
    observers: isMore,
    asyncHooksEnabled: 0, // nothing of schedhint needs one
    workerListeners: 1,
    serverListeners: isMore,
    hasSubscribers: true,
    tracksAllServers: true,
  });
  expect(said.statuses).not.toContain('ERR_SCHEDHINT_DISABLED');
}

test('the preload returns in its first line', async () => {
  const count = ['--require', program('count-loads.cjs')];
  const app = ['-e', 'console.log(JSON.stringify(globalThis.loads()))'];
  const loads = async (preload: readonly string[], env: NodeJS.ProcessEnv) =>
    printed(await run([...count, ...preload, ...app], env));
  const preload = ['--require', 'schedhint/register'];
  const maps = { SCHEDHINT_LAYERED_MAP: '/nonexistent/l', NODE_DEBUG: 'schedhint' };
  const { modules } = await loads([], {}); // those of -e
  expect(await loads(preload, { ...OFF, ...maps })).toEqual({
    modules: ['schedhint/register', ...(modules as string[])],
    dlopens: 0,
  });
  expect(await loads(preload, {})).toMatchObject({ dlopens: 1 });
});

test('a worker goes by its own environment', async () => {
  const program = `
    const { Worker } = require('node:worker_threads');
    const look = "console.log(require('schedhint').attachThread().status.code)";
    const started = new Worker(look, { eval: true });
    started.once('exit', () => new Worker(look, { eval: true, env: { SCHEDHINT: 'no' } }));`;
  const { stdout } = await run(['-e', program], OFF);
  expect(stdout).toBe('ERR_SCHEDHINT_DISABLED\nERR_SCHEDHINT_MAP_NOT_FOUND\n');
});

test('doctor says so', async () => {
  const doctor = [
    fileURLToPath(new URL('../../../packages/schedhint/bin/schedhint.js', import.meta.url)),
  ];
  const { code, stdout } = await run([...doctor, 'doctor'], OFF);
  expect(code).toBe(1);
  expect(stdout).toMatch(/fail +addon +hints are disabled: remove SCHEDHINT=off/);
});
