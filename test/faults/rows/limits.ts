// The app has used up what it may have: inotify instances, descriptors, memory, thread-specific keys.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Status } from 'schedhint';
import { LineProcess } from '../../rig/json-lines-process.js';
import type { Context } from '../../rig/node-process.js';
import type { App } from '../app.js';
import type { Row } from '../row.js';
import type { Stage } from '../stage.js';

const program = (name: string) =>
  fileURLToPath(new URL(`../programs/build/${name}`, import.meta.url));
const holdInotify = program('hold_inotify');
const memoryLimit = program('memory_limit.node');
const noKeys = program('no_keys.node');

// No one else's, so that no one else is short of anything.
const OWN_UID = 61234;

/** A scheduler whose pin any user may open. */
async function openScheduler(stage: Stage) {
  chmodSync(stage.directory, 0o755);
  const scheduler = await stage.scheduler();
  chmodSync(stage.map, 0o666);
  return scheduler;
}

const inotify: Row = {
  fault: 'inotify instances exhausted',
  times: 3,
  async run(stage, times) {
    const holder = new LineProcess(holdInotify, [String(OWN_UID)]);
    stage.onClose(() => holder.kill());
    assert.ok(((await holder.next()).instances as number) > 0);
    const app = await stage.launch({ workers: 2, uid: OWN_UID });
    await app.attach();
    for (let i = 0; i < times; i++) {
      await app.untilAll('ERR_SCHEDHINT_MAP_NOT_FOUND');
      const scheduler = await openScheduler(stage);
      await app.isBoundTo(scheduler);
      await stage.stop(scheduler);
    }
    return 'it needs none, bound each time';
  },
};

const prlimit = (app: App, limit: string) =>
  execFileSync('prlimit', ['--pid', String(app.node.pid), limit]);

const descriptors: Row = {
  fault: 'descriptor limit reached',
  times: 5,
  async run(stage, times) {
    let scheduler = await stage.scheduler();
    const app = await stage.app({ workers: 2 });
    for (let i = 0; i < times; i++) {
      await app.isBoundTo(scheduler);
      // New ones get the lowest numbers that are free, so all are taken first.
      await app.run(({ keep, require }) => {
        const { openSync } = require('node:fs');
        keep.taken = Array.from({ length: 200 }, () => openSync('/dev/null', 'r'));
      });
      prlimit(app, '--nofile=3:');
      await app.isHeard();
      await stage.stop(scheduler);
      scheduler = await stage.scheduler();
      await app.untilAll('ERR_SCHEDHINT_NO_DESCRIPTORS');
      assert.equal(await scheduler.elements(app.tids), 0);
      prlimit(app, '--nofile=1024:');
      await app.isBoundTo(scheduler);
      await app.run(({ keep, require }) => keep.taken.forEach(require('node:fs').closeSync));
    }
    return 'ERR_SCHEDHINT_NO_DESCRIPTORS, bound on its own once there are some';
  },
};

const detaching: Row = {
  fault: 'descriptor limit reached, handles are stopped and the pin is replaced',
  times: 5,
  async run(stage, times) {
    for (let i = 0; i < times; i++) {
      const before = await stage.scheduler();
      const app = await stage.app({ workers: 2 });
      await app.isBoundTo(before);
      await app.run(({ keep, require }) => {
        const { openSync } = require('node:fs');
        keep.taken = Array.from({ length: 200 }, () => openSync('/dev/null', 'r'));
      });
      prlimit(app, '--nofile=3:');
      await assert.rejects(
        app.run(({ require }) => void require('node:fs').openSync('/dev/null', 'r')),
        { code: 'EMFILE' },
      );
      // Its pin takes the place of the first one's, which still runs.
      const after = await stage.scheduler();
      await app.untilAll('ERR_SCHEDHINT_NO_DESCRIPTORS');
      assert.equal(await before.elements(app.tids), 0);
      prlimit(app, '--nofile=1024:');
      await app.isBoundTo(after);
      prlimit(app, '--nofile=3:');
      const tids = [...app.tids];
      await app.stop();
      assert.equal(await after.elements(tids), 0);
      prlimit(app, '--nofile=1024:');
      await app.run(({ keep, require }) => keep.taken.forEach(require('node:fs').closeSync));
      await app.end();
      await stage.stop(before);
      await stage.stop(after);
    }
    return 'no element is left in either map';
  },
};

const fromTheStart: Row = {
  fault: 'descriptor limit reached before the first attach',
  times: 5,
  async run(stage, times) {
    const scheduler = await stage.scheduler();
    for (let i = 0; i < times; i++) {
      const app = await stage.launch({ workers: 2 });
      prlimit(app, '--nofile=3:');
      await app.attach();
      await app.untilAll('ERR_SCHEDHINT_NO_DESCRIPTORS');
      prlimit(app, '--nofile=1024:');
      await app.untilAll('bound');
      await app.attach();
      await app.isBoundTo(scheduler);
      await app.end();
    }
    return 'ERR_SCHEDHINT_NO_DESCRIPTORS, bound on its own once there are some';
  },
};

/** Attaches while nothing more may be mapped. It collects first: V8 does not survive a collection then. */
function attachWithoutMemory(
  { schedhint, keep, require }: Context,
  { file, map }: { file: string; map: string },
) {
  const { refuseMemory, allowMemory } = require(file);
  require('node:v8').setFlagsFromString('--expose-gc');
  require('node:vm').runInNewContext('gc')();
  refuseMemory();
  keep.starved = schedhint.attachThread({ map, scoped: true });
  allowMemory();
  keep.starved.hints.urgency = 500;
  return { status: keep.starved.status as Status, urgency: keep.starved.hints.urgency as number };
}

const memory: Row = {
  fault: 'memory limit reached (mmap refused)',
  times: 5,
  async run(stage, times) {
    const scheduler = await stage.scheduler();
    for (let i = 0; i < times; i++) {
      const app = await stage.launch({ workers: 2 });
      const { status, urgency } = await app.run(attachWithoutMemory, {
        file: memoryLimit,
        map: stage.map,
      });
      assert.ok(status.state === 'unavailable' && status.code === 'ERR_SCHEDHINT_NO_MEMORY');
      assert.equal(urgency, 500);
      assert.equal(await scheduler.elements([app.node.pid]), 0);
      await app.run(({ keep }) => keep.starved.stop());
      await app.attach();
      await app.isBoundTo(scheduler);
      await app.end();
    }
    return 'ERR_SCHEDHINT_NO_MEMORY, hints stay private; after stop() the next attach binds';
  },
};

const keys: Row = {
  fault: 'thread-specific keys used up',
  times: 3,
  async run(stage, times) {
    const scheduler = await stage.scheduler();
    const env = { NODE_OPTIONS: `--require ${noKeys}` };
    for (let i = 0; i < times; i++) {
      const app = await stage.launch({ workers: 2, env });
      await app.attach();
      await app.untilAll('ERR_SCHEDHINT_NO_MEMORY');
      assert.match(
        ((await app.status()) as { reason: string }).reason,
        /pthread_key_create: EAGAIN/,
      );
      assert.equal(await scheduler.elements(app.tids), 0);
      await app.end();
    }
    return 'ERR_SCHEDHINT_NO_MEMORY, hints stay private';
  },
};

export const rows: readonly Row[] = [inotify, descriptors, detaching, fromTheStart, memory, keys];
