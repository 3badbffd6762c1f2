// A status is the same object until it changes, and listeners get the new one. The status changes without a kernel
// that takes part: a file that is no pin comes to the map's path.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layered } from '../channel/layered.js';
import { uptr } from '../channel/uptr.js';
import { attachThread } from './joint-attach.js';
import { Listeners } from './listeners.js';
import type { Status } from './status.js';
import { stoppable } from './stoppable.js';

const hasAddon = process.platform === 'linux';
if (!hasAddon) console.warn(`skipped: a status: no addon for ${process.platform}`);

describe.runIf(hasAddon)('a status', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'schedhint-status-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('is frozen, and the same object until it changes', async () => {
    const map = join(directory, 'changes');
    const thread = attachThread({ map });
    const before = thread.status;
    expect(before).toMatchObject({ code: 'ERR_SCHEDHINT_MAP_NOT_FOUND' });
    expect(Object.isFrozen(before)).toBe(true);
    for (let i = 0; i < 1000; i++) expect(thread.status).toBe(before);
    const heard = new Promise<Status>((resolve) => thread.onStatus(resolve));
    writeFileSync(map, '');
    const after = await heard;
    expect(after).toMatchObject({ code: 'ERR_SCHEDHINT_NOT_A_PIN' });
    expect(thread.status).toBe(after);
    expect(Object.isFrozen(after)).toBe(true);
  });

  test('is heard until the listening or the handle is stopped', async () => {
    const map = join(directory, 'listeners');
    const thread = attachThread({ map });
    const scoped = attachThread({ map, scoped: true });
    const joint = attachThread({ channels: [uptr({ map }), layered({ map: `${map}-none` })] });
    const heard: string[] = [];
    thread.onStatus(() => heard.push('stopped')).stop();
    joint.onStatus(() => heard.push('stopped, of several channels')).stop();
    scoped.onStatus(() => heard.push('of a handle that has ended'));
    scoped.stop();
    scoped.onStatus(() => heard.push('of a handle that had ended'));
    joint.onStatus(() => heard.push('joint'));
    const last = new Promise<void>((resolve) => {
      thread.onStatus(() => {
        heard.push('thread');
        resolve();
      });
    });
    writeFileSync(map, '');
    await last;
    expect(heard).toEqual(['joint', 'thread']);
  });

  test('is not heard by what is no function', () => {
    const thread = attachThread({ map: join(directory, 'bad') });
    for (const listener of [undefined, null, 'status', {}]) {
      expect(() => thread.onStatus(listener as never)).toThrow(
        expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_OPTION' }),
      );
    }
  });
});

test('a listener that is given twice is called twice, and one that stops another in a call is heard', () => {
  const listeners = new Listeners<number>();
  const heard: number[] = [];
  const listener = (value: number) => heard.push(value);
  const of = {};
  const first = listeners.add('onValue', listener, of);
  listeners.add('onValue', () => first.stop(), of);
  listeners.add('onValue', listener, of);
  listeners.call(1);
  listeners.call(2);
  expect(heard).toEqual([1, 1, 2]);
  listeners.removeOf(of);
  listeners.call(3);
  expect(heard).toEqual([1, 1, 2]);
});

test('a Stoppable ends once, by stop() or by `using`', () => {
  let ends = 0;
  const one = stoppable(() => ends++);
  one.stop();
  one[Symbol.dispose]();
  one.stop();
  expect(ends).toBe(1);
});
