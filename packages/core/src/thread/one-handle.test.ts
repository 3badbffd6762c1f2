import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadAddon } from '@schedhint/native';
import { describe, expect, test } from 'vitest';
import { layered } from '../channel/layered.js';
import { tld } from '../channel/tld.js';
import { uptr } from '../channel/uptr.js';
import { i32 } from '../layout/scalars.js';
import { struct } from '../layout/struct.js';
import { ordered } from '../view/atomics.js';
import { attachThread } from './joint-attach.js';

// Without a kernel that takes part: test/kernel has the rest. What is attached here stays so.

const map = '/nonexistent/one-handle';
const loaded = loadAddon();
const bindings = () => ('addon' in loaded ? loaded.addon.counts().bindings : 0);
const gc = collector();
const has = (thread: object, key: PropertyKey) => key in thread;

describe("a thread's own handle", () => {
  test('is the same object for the same map, and has nothing that ends it', () => {
    const thread = attachThread({ map });
    expect(attachThread({ map })).toBe(thread);
    expect(attachThread({ map, scoped: false })).toBe(thread);
    expect(attachThread({ channel: uptr({ map }) })).toBe(thread);
    expect(attachThread({ map: `${map}-2` })).not.toBe(thread);
    for (const name of ['detach', 'stop', Symbol.dispose]) expect(has(thread, name)).toBe(false);
  });

  test('is the same object for the same channel', () => {
    const data = struct('data', { a: i32 });
    const all = [
      uptr({ map: `${map}-uptr`, value: { data } }),
      layered({ map: `${map}-layered` }),
      tld({ map: `${map}-tld` }),
    ];
    for (const channel of all) {
      expect(attachThread({ channel })).toBe(attachThread({ channel }));
    }
  });

  test('is the same object for the same channels in the same order', () => {
    const [first, second] = [uptr({ map }), layered({ map: `${map}-joint` })];
    const joint = attachThread({ channels: [first, second] });
    expect(attachThread({ channels: [first, second] })).toBe(joint);
    expect(attachThread({ channels: [first] })).not.toBe(joint);
    expect(attachThread({ channels: [second, first] })).not.toBe(joint);
    expect(joint.threads).toEqual([
      attachThread({ channel: first }),
      attachThread({ channel: second }),
    ]);
    for (const name of ['detach', 'stop', Symbol.dispose]) expect(has(joint, name)).toBe(false);
  });

  test('keeps the thread attached when the last scoped handle stops', () => {
    const before = bindings();
    const where = { map: `${map}-kept` };
    const scoped = attachThread({ ...where, scoped: true });
    const thread = attachThread(where);
    const another = attachThread({ ...where, scoped: true });
    thread.hints.urgency = 7;
    scoped.stop();
    another.stop();
    another.stop();
    another[Symbol.dispose]();
    expect(bindings()).toBe('addon' in loaded ? before + 1 : 0);
    expect(thread.status).not.toMatchObject({ code: 'ERR_SCHEDHINT_STOPPED' });
    expect(attachThread(where).hints.urgency).toBe(7);
  });

  test('joint: attaches in no channel if one of them throws', () => {
    const before = bindings();
    const taken = tld({ map: `${map}-taken`, keys: { taken: i32 }, hints: {} });
    attachThread({ channel: taken, scoped: true }).stop();
    const other = tld({ map: `${map}-taken`, keys: { taken: struct('s', { a: i32, b: i32 }) } });
    const channels = [uptr({ map: `${map}-throws` }), other];
    for (const scoped of [true, false] as const) {
      const attach = () => attachThread({ channels, scoped: scoped as false });
      if ('addon' in loaded) expect(attach).toThrow('taken');
      else attach();
      expect(bindings()).toBe('addon' in loaded ? before : 0);
    }
  });
});

describe('of a channel that is made again at each call', () => {
  const data = struct('data', { inner: struct('inner', { a: i32 }) });
  const attach = () => attachThread({ channel: uptr({ map: `${map}-again`, value: { data } }) });
  type Made = ReturnType<typeof attach>;

  /** Handles on the same blocks, and what `keep` returns of the second. */
  function attachThree(keep: (thread: Made) => object) {
    const threads = [attach(), attach(), attach()];
    for (const thread of threads) thread.blocks.data.inner.a = 1;
    return { kept: keep(threads[1]!), handles: threads.map((thread) => new WeakRef(thread)) };
  }

  test.each([
    ['the blocks', (thread: Made) => thread.blocks],
    ['a view', (thread: Made) => thread.blocks.data],
    ['a nested view', (thread: Made) => thread.blocks.data.inner],
    ['an ordered view', (thread: Made) => ordered(thread.blocks.data.inner)],
  ])(
    'a handle is garbage when no code has it, but not while some code has %s of it',
    async (_, keep) => {
      attach(); // the first channel stays: its blocks know it
      let { kept, handles } = attachThree(keep);
      const alive = () => handles.map((handle) => handle.deref() !== undefined);
      while (alive()[0] || alive()[2]) {
        await turn();
        gc();
      }
      expect(alive()).toEqual([false, true, false]);
      expect(kept).toBeDefined();
      kept = {};
      while (alive()[1]) {
        await turn();
        gc();
      }
    },
  );
});

/** V8's own `gc()`. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}
