// What stands at the map's path cannot be opened, or is no map.

import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '../app.js';
import type { Row } from '../row.js';
import type { Scheduler } from '../scheduler.js';
import type { Stage } from '../stage.js';

const NOBODY = 65534;
const OPEN = 0o666;

/** An app of an unprivileged user, bound to a pin that is open to all. */
async function unprivileged(stage: Stage): Promise<{ scheduler: Scheduler; app: App }> {
  chmodSync(stage.directory, 0o755);
  const scheduler = await stage.scheduler();
  chmodSync(stage.map, OPEN);
  const app = await stage.app({ workers: 2, uid: NOBODY });
  await app.isBoundTo(scheduler);
  return { scheduler, app };
}

function closed(what: string, mode: number): Row {
  return {
    fault: `pin made ${what}`,
    times: 10,
    async run(stage, times) {
      let { scheduler, app } = await unprivileged(stage);
      for (let i = 0; i < times; i++) {
        chmodSync(stage.map, mode);
        // What is open goes on working.
        await app.isHeard();
        await app.untilAll('bound');
        // The next map is closed from the beginning.
        const before = scheduler;
        scheduler = await stage.scheduler({ pin: `${stage.map}_next` });
        chmodSync(`${stage.map}_next`, mode);
        renameSync(`${stage.map}_next`, stage.map);
        await app.untilAll('ERR_SCHEDHINT_MAP_PERMISSION');
        assert.equal(await before.elements(app.tids), 0);
        await stage.stop(before);
        chmodSync(stage.map, OPEN);
        await app.isBoundTo(scheduler);
      }
      rmSync(stage.map);
      return 'what was bound stays; a new map: ERR_SCHEDHINT_MAP_PERMISSION, bound once it is opened';
    },
  };
}

/** Something else in the pin's place, and then the pin again. */
function inItsPlace(
  what: string,
  code: string,
  make: (path: string) => void,
  map: (stage: Stage) => string = (stage) => stage.map,
): Row {
  return {
    fault: `${what} in the pin's place`,
    times: 10,
    async run(stage, times) {
      const path = map(stage);
      const scheduler = await stage.scheduler();
      if (path !== stage.map) symlinkSync(stage.map, path);
      const app = await stage.app({ workers: 2, map: path });
      for (let i = 0; i < times; i++) {
        await app.isBoundTo(scheduler);
        renameSync(path, `${path}_away`);
        make(path);
        await app.untilAll(code);
        assert.equal(await scheduler.elements(app.tids), 0);
        rmSync(path, { recursive: true });
        renameSync(`${path}_away`, path);
      }
      await app.isBoundTo(scheduler);
      return `${code}, and bound again`;
    },
  };
}

/** A bpffs has no files, so the map's path is a link elsewhere. */
function linkElsewhere(stage: Stage): string {
  const directory = mkdtempSync(join(tmpdir(), 'schedhint-faults-'));
  stage.onClose(() => rmSync(directory, { recursive: true }));
  return join(directory, 'map');
}

export const rows: readonly Row[] = [
  closed('read-only', 0o444),
  closed('unreadable', 0o000),
  inItsPlace(
    'a regular file',
    'ERR_SCHEDHINT_NOT_A_PIN',
    (path) => writeFileSync(path, ''),
    linkElsewhere,
  ),
  inItsPlace('a dangling link', 'ERR_SCHEDHINT_MAP_NOT_FOUND', (path) =>
    symlinkSync('/no/such/map', path),
  ),
  inItsPlace('a directory', 'ERR_SCHEDHINT_NOT_A_PIN', (path) => mkdirSync(path)),
];
