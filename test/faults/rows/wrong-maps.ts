// A map that is not what the channel describes takes the place of the right one. Whatever it is, it
// must never get an address that it has not asked for: it is read back.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { BpfReader } from '../../rig/bpf-reader.js';
import { until } from '../../rig/until.js';
import type { App } from '../app.js';
import type { Row } from '../row.js';
import type { Stage } from '../stage.js';

const TIMES = 10;

/** All threads of the app's process, not only those that know of the map. */
const tidsOf = ({ node }: App) => readdirSync(`/proc/${node.pid}/task`).map(Number);

/** A map of test/rig/bpf/value_shapes.bpf.c, loaded next to the right one. */
async function shapes(stage: Stage): Promise<BpfReader> {
  const directory = `${stage.directory}/shapes`;
  mkdirSync(directory);
  const reader = await BpfReader.load('value_shapes', directory);
  stage.onClose(() => reader.close());
  return reader;
}

/** @param tids by default all threads of the process, and so the runtime's helper threads too */
async function elements(
  reader: BpfReader,
  map: string,
  app: App,
  tids: readonly number[] = tidsOf(app),
): Promise<number> {
  let found = 0;
  for (const tid of tids) if ((await reader.element(map, tid)) !== null) found++;
  return found;
}

/** The right map, a wrong one in its place, the right one again. */
async function replace(
  stage: Stage,
  times: number,
  wrongPin: string,
  code: string,
  check: (app: App) => Promise<void> | void,
): Promise<void> {
  const scheduler = await stage.scheduler();
  const app = await stage.app({ workers: 2 });
  for (let i = 0; i < times; i++) {
    await app.isBoundTo(scheduler);
    renameSync(stage.map, `${stage.map}_right`);
    renameSync(wrongPin, stage.map);
    await app.untilAll(code);
    assert.equal(await scheduler.elements(tidsOf(app)), 0, 'the right map still has elements');
    await check(app);
    renameSync(stage.map, wrongPin);
    renameSync(`${stage.map}_right`, stage.map);
  }
  await app.isBoundTo(scheduler);
  await check(app);
}

/** Refused: read back afterwards, no thread of the process has an element. */
function refused(what: string, map: string): Row {
  return {
    fault: `map replaced by one with ${what}`,
    times: TIMES,
    async run(stage, times) {
      const reader = await shapes(stage);
      const pin = `${stage.directory}/shapes/${map}`;
      await replace(stage, times, pin, 'ERR_SCHEDHINT_MAP_LAYOUT', async (app) => {
        assert.equal(await elements(reader, map, app), 0, 'the wrong map has an element');
      });
      return 'ERR_SCHEDHINT_MAP_LAYOUT; read back: no element, no address';
    },
  };
}

const smallerStruct: Row = {
  fault: 'map replaced by one with a smaller struct',
  times: TIMES,
  async run(stage, times) {
    const reader = await shapes(stage);
    const scheduler = await stage.scheduler();
    const app = await stage.app({ workers: 2 });
    for (let i = 0; i < times; i++) {
      await app.isBoundTo(scheduler);
      renameSync(stage.map, `${stage.map}_right`);
      renameSync(`${stage.directory}/shapes/smaller`, stage.map);
      const all = app.tids.length;
      await until(
        'the threads are bound',
        async () => (await elements(reader, 'smaller', app, app.tids)) === all,
      );
      await app.untilAll('bound');
      renameSync(stage.map, `${stage.directory}/shapes/smaller`);
      renameSync(`${stage.map}_right`, stage.map);
      await app.isBoundTo(scheduler);
      assert.equal(await elements(reader, 'smaller', app), 0);
    }
    return 'a prefix: bound, and let go again';
  },
};

/** Maps that bpftool makes have no BTF. */
function otherType(what: string, type: string, sizes: readonly string[]): Row {
  return {
    fault: `map replaced by ${what}`,
    times: TIMES,
    async run(stage, times) {
      const pin = `${stage.directory}/wrong`;
      const create = [
        'map',
        'create',
        pin,
        'type',
        type,
        ...sizes,
        'entries',
        '4',
        'name',
        'wrong',
      ];
      execFileSync('bpftool', create);
      stage.onClose(() => rmSync(pin));
      await replace(stage, times, pin, 'ERR_SCHEDHINT_MAP_TYPE', async (app) => {
        const at = (await app.status()).state === 'bound' ? pin : stage.map;
        const dump = execFileSync('bpftool', ['-j', 'map', 'dump', 'pinned', at]);
        const bytes = (JSON.parse(String(dump)) as { value: string[] }[]).flatMap((e) => e.value);
        assert.ok(
          bytes.every((byte) => Number(byte) === 0),
          String(dump),
        );
      });
      return 'ERR_SCHEDHINT_MAP_TYPE; read back: nothing in it';
    },
  };
}

export const rows: readonly Row[] = [
  refused('a larger struct', 'larger'),
  smallerStruct,
  refused('a plain u64 field', 'plain'),
  otherType('a hash map', 'hash', ['key', '4', 'value', '16']),
  otherType('a map without BTF', 'array', ['key', '4', 'value', '16']),
];
