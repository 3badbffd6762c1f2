// A map that comes and goes without rest.

import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../app.js';
import type { Row } from '../row.js';

const FLAPS_PER_S = 100;

/** The share of a CPU that the app's process takes, all threads together, while something lasts. */
async function cpuShare(app: App, during: () => Promise<unknown>): Promise<number> {
  const used = () =>
    app.run(() => {
      const { user, system } = process.cpuUsage();
      return { cpuMs: (user + system) / 1e3, atMs: performance.now() };
    });
  const from = await used();
  await during();
  const to = await used();
  return (to.cpuMs - from.cpuMs) / (to.atMs - from.atMs);
}

const flapping: Row = {
  fault: `map that flaps ${FLAPS_PER_S} times a second`,
  times: 1000,
  async run(stage, times) {
    const scheduler = await stage.scheduler();
    const app = await stage.launch();
    // Its work would hide what the flapping costs.
    await app.run(({ schedhint, keep }, map) => {
      keep.gc = schedhint.startGcHints({ map });
      keep.thread = schedhint.attachThread({ map, scoped: true });
      keep.thread.onStatus(() => {});
    }, stage.map);
    const quiet = await cpuShare(app, () => sleep((times / FLAPS_PER_S) * 1000));
    const flaps = await cpuShare(app, async () => {
      for (let i = 0; i < times; i++) {
        const next = sleep(1000 / FLAPS_PER_S);
        renameSync(stage.map, `${stage.map}_away`);
        renameSync(`${stage.map}_away`, stage.map);
        await next;
      }
    });
    const cost = flaps - quiet;
    assert.ok(cost < 0.01, `it costs ${(cost * 100).toFixed(2)}% of a CPU`);
    await app.attach();
    await app.isBoundTo(scheduler);
    return `${(flaps * 100).toFixed(2)}% of a CPU, against ${(quiet * 100).toFixed(2)}% of a quiet app`;
  },
};

export const rows: readonly Row[] = [flapping];
