// Made stalls, each with the right cause: alone, in a worker, between hogs, under a quota, without privileges, without the addon.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StallPart } from 'schedhint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeBinaries } from '../packaging/node-versions/node-binaries.js';
import {
  hogs,
  largestOf,
  madeStall,
  type Surroundings,
  someCpu,
  UNDISTURBED,
  WITHOUT_ADDON,
} from './made-stall.js';

const MS = 150;

/** What each kind is, when nothing else uses the CPU. */
const CAUSES = {
  spin: 'code',
  gc: 'gc',
  fifo: 'blocked',
  atomics: 'blocked',
  sigstop: 'paused',
} as const;
const kinds = Object.entries(CAUSES);

/** How often a stall is made again. */
const MOST_AGAIN = 5;

/** @param besides parts that may be larger: what the machine does meanwhile is in the stall, too */
async function expectCause(
  kind: string,
  cause: StallPart,
  surroundings: Surroundings = {},
  besides: readonly StallPart[] = ['noCpu'],
) {
  let { made, reported } = await madeStall(kind, MS, surroundings);
  // On a busy machine a stall may be little else than the wait for a CPU: it is made again.
  const isOther = () => besides.includes('noCpu') && reported.parts.noCpu > reported.durationMs / 2;
  for (let again = 0; again < MOST_AGAIN && isOther(); again++) {
    ({ made, reported } = await madeStall(kind, MS, surroundings));
  }
  expect(largestOf(reported, besides), JSON.stringify(reported)).toBe(cause);
  expect(reported.durationMs).toBeGreaterThan(made.ms - 2);
  expect(reported.missing).toEqual([]);
  return reported;
}

describe.each(nodeBinaries())('Node.js $version', ({ path: node }) => {
  test.each(kinds)('%s is %s', async (kind, cause) => {
    const stall = await expectCause(kind, cause, { node, through: UNDISTURBED });
    expect(stall).toMatchObject({ precision: 'high', threadId: 0 });
    expect(stall.parts.unknown).toBe(0);
  });

  test.each(kinds)('without the addon, %s is %s', async (kind, cause) => {
    const surroundings = { node, through: UNDISTURBED, env: WITHOUT_ADDON };
    const stall = await expectCause(kind, cause, surroundings);
    expect(stall.precision).toBe('low');
  });

  // Who stops a process stops all of its threads: the main thread's stall is the worker's too.
  test.each(kinds.filter(([kind]) => kind !== 'sigstop'))(
    'in a worker, %s is %s',
    async (kind, cause) => {
      const surroundings = { node, through: UNDISTURBED, worker: true };
      expect(await expectCause(kind, cause, surroundings)).toMatchObject({ threadId: 1 });
    },
  );
});

describe('between hogs', () => {
  const cpu = someCpu();
  let others: ReturnType<typeof hogs>;
  beforeAll(() => {
    others = hogs(4, cpu);
  });
  afterAll(() => others.stop());

  test.each([{}, WITHOUT_ADDON])('spin is no CPU %o', async (env) => {
    const through = ['taskset', '-c', `${cpu}`];
    const stall = await expectCause('spin', 'noCpu', { through, env }, []);
    expect(stall.switches.involuntary).toBeGreaterThan(0);
  });

  // Reading the thread's CPU time makes the kernel look whether its slice is over: a pause's clock has to run after that, and before.
  test('the waits for a CPU that looking at a pause brings about are no part of it', async () => {
    const through = ['taskset', '-c', `${cpu}`];
    const { parts, gc, durationMs } = await expectCause('garbage', 'noCpu', { through }, []);
    expect(gc.minor.count).toBeGreaterThan(0);
    expect(parts.gc).toBeLessThan(0.15 * durationMs);
  });
});

describe('under a quota', () => {
  const QUOTA = 0.2;
  const V1 = '/sys/fs/cgroup/cpu';
  const V2 = '/sys/fs/cgroup';
  const isV1 = existsSync(`${V1}/cpu.cfs_quota_us`);
  const group = `${isV1 ? V1 : V2}/schedhint-stalls-${process.pid}`;
  const reason = whyNoQuota();
  if (reason !== null) console.warn(`skipped: stalls under a quota: ${reason}`);

  function whyNoQuota(): string | null {
    if (process.getuid?.() !== 0) return 'to make a cgroup needs root';
    try {
      mkdirSync(group);
      if (isV1) writeFileSync(`${group}/cpu.cfs_quota_us`, `${QUOTA * 100_000}`);
      else writeFileSync(`${group}/cpu.max`, `${QUOTA * 100_000} 100000`);
      return null;
    } catch (error) {
      return String(error);
    }
  }

  afterAll(() => {
    if (reason === null) rmdirSync(group);
  });

  test.skipIf(reason !== null).each([{}, WITHOUT_ADDON])('spin is throttled %o', async (env) => {
    const through = ['sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh'];
    // A collection that is throttled in the middle is a collection for as long.
    const stall = await expectCause('spin', 'throttled', { through, env }, ['noCpu', 'gc']);
    expect(stall.cgroup).toMatchObject({ version: isV1 ? 1 : 2, quotaCpus: QUOTA });
    expect(stall.cgroup!.throttledPeriods).toBeGreaterThan(0);
  });
});

describe('without privileges, in separate namespaces', () => {
  const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  const INSIDE = ['unshare', '--user', '--map-current-user', '--pid', '--fork', '--mount-proc'];
  const [setpriv, ...asNobody] = NOBODY;
  const mayRead = (file: string) =>
    spawnSync(setpriv!, [...asNobody, 'test', '-r', file]).status === 0;
  const reason =
    process.getuid?.() !== 0
      ? 'to give them up needs root'
      : mayRead(fileURLToPath(import.meta.url))
        ? null
        : 'other users may not read this folder';
  if (reason !== null) console.warn(`skipped: stalls without privileges: ${reason}`);

  test.skipIf(reason !== null).each(kinds.filter(([kind]) => kind !== 'sigstop'))(
    '%s is %s',
    async (kind, cause) => {
      const through = [...UNDISTURBED, ...NOBODY, ...INSIDE];
      expect(await expectCause(kind, cause, { through })).toMatchObject({ precision: 'high' });
    },
  );
});
