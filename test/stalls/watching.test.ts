// What watching stalls does to a process, and what it reports: handles and descriptors, requests, stacks, the shared record, workers that
// end, values of SCHEDHINT_STALLS.

import {
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Stall } from 'schedhint';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  RECORD_KINDS,
  RECORD_NAME,
  RECORD_PARTS,
  RECORD_SLOTS,
  SLOT,
  SLOT_BYTES,
} from '../../packages/schedhint/src/stalls/shared-record.js';
import { nodeBinaries } from '../packaging/node-versions/node-binaries.js';
import { LineProcess } from '../rig/json-lines-process.js';
import { until } from '../rig/until.js';
import { environment, run, WITHOUT_ADDON } from './made-stall.js';

const program = (name: string) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const PRELOAD = ['--require', 'schedhint/register'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'schedhint-stalls-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const running: LineProcess[] = [];
afterEach(async () => {
  for (const process of running.splice(0)) await process.kill();
});

async function server(env: NodeJS.ProcessEnv, node = process.execPath) {
  const args = [...PRELOAD, program('server.cjs')];
  const started = new LineProcess(node, args, { env: environment(env) });
  running.push(started);
  const { port } = (await started.next()) as { port: number };
  const ask = (path: string) =>
    new Promise((resolve, reject) => {
      get({ port, path }, (response) => response.resume().once('end', resolve)).once(
        'error',
        reject,
      );
    });
  const nextStall = async () => (await started.next()) as unknown as Stall;
  return { process: started, ask, nextStall };
}

describe.each(nodeBinaries())('Node.js $version', ({ path: node }) => {
  test('without a monitor there is no handle, and after the last one none is left', async () => {
    const { stdout, stderr } = await run(node, [program('watched.cjs')]);
    expect(stderr).toBe('');
    const { before, during, one, after, seen, totals } = JSON.parse(stdout);
    expect(during.handles).toBe(before.handles + 1);
    expect(one.handles).toBe(during.handles);
    // The thread's schedstat stays open for the feedback.
    expect(after).toEqual({ handles: before.handles, descriptors: before.descriptors + 1 });
    const counts = [30, 200].map((ms) => seen.filter(([of]: [number]) => of === ms).length);
    expect(counts[0]).toBeGreaterThanOrEqual(2);
    expect(counts[1]).toBeGreaterThanOrEqual(1);
    expect(totals.map(({ stalls }: { stalls: number }) => stalls)).toEqual(counts);
    for (const [i, { stalls: _, ...parts }] of totals.entries()) {
      const sum = Object.values<number>(parts).reduce((a, b) => a + b);
      const of = seen.filter(([ms]: [number]) => ms === [30, 200][i]);
      const durations = of.map(([, ms]: [number, number]) => ms) as number[];
      expect(sum).toBeCloseTo(
        durations.reduce((a, b) => a + b),
        3,
      );
    }
  });

  test('a worker that is terminated while it is watched, and during a stall', async () => {
    const source = `
      const { Worker } = require('node:worker_threads');
      const body = "setInterval(() => { for (const t = Date.now() + 30; Date.now() < t; ); }, 1)";
      (async () => {
        for (let i = 0; i < 30; i++) {
          const worker = new Worker(body, { eval: true });
          await new Promise((resolve) => worker.once('online', resolve));
          await new Promise((resolve) => setTimeout(resolve, i * 3));
          await worker.terminate();
        }
      })();
    `;
    const env = { SCHEDHINT_STALLS: '10' };
    const { stdout, stderr, code } = await run(node, [...PRELOAD, '-e', source], env);
    expect({ stdout, code }).toEqual({ stdout: '', code: 0 });
    for (const line of stderr.trim().split('\n')) expect(line).toMatch(/^schedhint: stall /);
  });

  test('the requests in flight, by the patterns of their routes', async () => {
    const config = join(folder, 'config.json');
    const routes = [{ path: '/wait/*' }, { path: '/work/**' }];
    const stalls = { thresholdMs: 100, output: 'none' };
    writeFileSync(config, JSON.stringify({ version: 1, requests: { routes }, stalls }));
    const { ask, nextStall, process: started } = await server({ SCHEDHINT_CONFIG: config }, node);
    ask('/wait/secret').catch(() => {});
    expect(await started.next()).toEqual({ waits: true });
    await ask('/work/secret?token=secret');
    // On a busy machine there may be a stall before that.
    let stall = await nextStall();
    while (stall.requests.length < 2) stall = await nextStall();
    expect(stall.requests).toMatchObject([
      { method: 'GET', route: '/wait/*' },
      { method: 'GET', route: '/work/**' },
    ]);
    expect(JSON.stringify(stall)).not.toContain('secret');
    for (const { ageMs } of stall.requests) expect(ageMs).toBeGreaterThan(100);
    expect((await started.end()).stderr).toBe('');
  });
});

test('the stack of the main thread, from the second stall on', async () => {
  const { ask, nextStall } = await server({ SCHEDHINT_STALLS: '50,none,stack' });
  await ask('/');
  expect((await nextStall()).stack).toBeUndefined();
  let stack: string | undefined;
  await until('a stack was seen', async () => {
    await ask('/');
    ({ stack } = await nextStall());
    return stack !== undefined;
  });
  expect(stack).toMatch(/^at spinInHandler \(.*server\.cjs:\d+\)$/m);
});

describe('the record for other processes', () => {
  /** The slots that are taken, of the record of a process. */
  function slotsOf(pid: number): DataView[] {
    const fds = `/proc/${pid}/fd`;
    const names = readdirSync(fds).filter((fd) =>
      readlinkSync(`${fds}/${fd}`).startsWith(`/memfd:${RECORD_NAME} `),
    );
    expect(names).toHaveLength(1);
    const bytes = new Uint8Array(RECORD_SLOTS * SLOT_BYTES);
    readSync(openSync(`${fds}/${names[0]}`, 'r'), bytes);
    return Array.from(
      { length: RECORD_SLOTS },
      (_, i) => new DataView(bytes.buffer, i * SLOT_BYTES, SLOT_BYTES),
    ).filter((slot) => slot.getUint32(SLOT.tid, true) !== 0);
  }

  test('says what was found, and cannot be written by them', async () => {
    const { ask, nextStall, process: started } = await server({ SCHEDHINT_STALLS: '100' });
    await ask('/');
    const stall = await nextStall();
    const pid = started.pid;
    // Heap figures come once a second.
    await until('the heap is known', () =>
      slotsOf(pid).every((slot) => slot.getFloat64(SLOT.heapLimitBytes, true) > 0),
    );
    const [slot, ...others] = slotsOf(pid);
    expect(others).toEqual([]);
    const u32 = (at: number) => slot!.getUint32(at, true);
    const f64 = (at: number) => slot!.getFloat64(at, true);
    expect([u32(SLOT.seq) % 2, u32(SLOT.tid), u32(SLOT.threadId)]).toEqual([0, pid, 0]);
    expect([u32(SLOT.thresholdMs), f64(SLOT.stalls)]).toEqual([100, 1]);
    expect(f64(SLOT.longestStallMs)).toBe(stall.durationMs);
    const parts = RECORD_PARTS.map((_, i) => f64(SLOT.parts + 8 * i));
    expect(parts).toEqual(RECORD_PARTS.map((part) => stall.parts[part]));
    const collections = RECORD_KINDS.map((_, i) => f64(SLOT.collections + 8 * i));
    expect(collections.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
    expect(f64(SLOT.loopBusyMs)).toBeGreaterThan(stall.durationMs);
    expect(f64(SLOT.loopIdleMs)).toBeGreaterThan(0);
    expect(Math.abs(f64(SLOT.startedAtMs) - Date.now())).toBeLessThan(60_000);
    expect(f64(SLOT.updatedAtMs)).toBeGreaterThan(f64(SLOT.startedAtMs));
    for (const at of [SLOT.heapUsedBytes, SLOT.semiSpaceBytes]) expect(f64(at)).toBeGreaterThan(0);
    const reserved = new Uint8Array(slot!.buffer, slot!.byteOffset + 200, 56);
    expect(reserved.every((byte) => byte === 0)).toBe(true);
    const fds = `/proc/${pid}/fd`;
    const fd = readdirSync(fds).find((name) =>
      readlinkSync(`${fds}/${name}`).includes(RECORD_NAME),
    );
    expect(() => writeFileSync(`${fds}/${fd}`, 'x')).toThrow('EPERM');
  });

  test('has a slot for each thread, as long as it runs', async () => {
    const source = `
      const { Worker } = require('node:worker_threads');
      const worker = new Worker('setInterval(() => {}, 10)', { eval: true });
      worker.once('online', () => console.log('{}'));
      process.stdin.once('data', () => worker.terminate().then(() => console.log('{}')));
    `;
    const env = environment({ SCHEDHINT_STALLS: '50' });
    const started = new LineProcess(process.execPath, [...PRELOAD, '-e', source], { env });
    running.push(started);
    await started.next();
    const ids = () => slotsOf(started.pid).map((slot) => slot.getUint32(SLOT.threadId, true));
    await until('both have slots', () => ids().length === 2);
    expect(ids()).toEqual([0, 1]);
    started.send('');
    await started.next();
    await until("the worker's is free", () => ids().length === 1);
  });
});

describe('SCHEDHINT_STALLS', () => {
  const spin =
    'setTimeout(() => { for (const t = Date.now() + 80; Date.now() < t; ); }, 20); setTimeout(() => {}, 150)';
  const ended = (env: NodeJS.ProcessEnv, source = spin) =>
    run(process.execPath, [...PRELOAD, '-e', source], env);

  test('one line for each stall', async () => {
    const { stderr, code } = await ended({ SCHEDHINT_STALLS: '50' });
    expect({ stderr, code }).toEqual({
      stderr: expect.stringMatching(/^(schedhint: stall \d+ ms on main: \d+ .*\n)+$/),
      code: 0,
    });
  });

  test.each(['', '0', 'off', 'false', '50,none'])('%j: nothing is written', async (value) => {
    expect((await ended({ SCHEDHINT_STALLS: value })).stderr).toBe('');
  });

  test('without the addon it says that the precision is low', async () => {
    const { stderr } = await ended({ SCHEDHINT_STALLS: '50', ...WITHOUT_ADDON });
    expect(stderr).toMatch(/; low precision\n$/);
  });

  test('SCHEDHINT=off comes before it', async () => {
    const env = { SCHEDHINT_STALLS: '50', SCHEDHINT: 'off' };
    expect((await ended(env)).stderr).toBe('');
  });

  test('it comes before the config file', async () => {
    const config = join(folder, 'json.json');
    writeFileSync(
      config,
      JSON.stringify({ version: 1, stalls: { thresholdMs: 50, output: 'json' } }),
    );
    const stalls = (await ended({ SCHEDHINT_CONFIG: config })).stderr.trim().split('\n');
    expect(JSON.parse(stalls[0]!)).toMatchObject({ threadId: 0, precision: 'high' });
    expect((await ended({ SCHEDHINT_CONFIG: config, SCHEDHINT_STALLS: 'off' })).stderr).toBe('');
  });

  test('a bad value is one warning, also with workers, and nothing is watched', async () => {
    const source = `${spin}; new (require('node:worker_threads').Worker)('0', { eval: true })`;
    const { stderr, code } = await ended({ SCHEDHINT_STALLS: 'yes' }, source);
    expect(code).toBe(0);
    expect(stderr.match(/SCHEDHINT_STALLS\] Warning/g)).toHaveLength(1);
    expect(stderr).toContain(
      'SCHEDHINT_STALLS: expected milliseconds from 10 to 60000, or "off", got "yes"; stalls are not watched',
    );
    expect(stderr).not.toContain('schedhint: stall');
  });

  test('a listener that throws is an uncaught exception, and the others still hear of the stall', async () => {
    const source = `
      const { watchStalls } = require('schedhint');
      process.on('uncaughtException', ({ message }) => console.log(message));
      watchStalls({ thresholdMs: 50, onStall() { throw new Error('mine'); } });
      watchStalls({ thresholdMs: 50, onStall() { console.log('heard'); } });
      ${spin}
    `;
    const { stdout } = await run(process.execPath, ['-e', source]);
    expect(stdout).toMatch(/^heard\nmine\n/);
  });
});
