import { loadAddon } from '@schedhint/native';
import { afterEach, describe, expect, test } from 'vitest';
import { BlockWords } from '../block/block-arrays.js';
import { BlockHints } from '../block/block-hints.js';
import { threadLayout } from '../block/standard-layouts.js';
import { layered } from '../channel/layered.js';
import { uptr } from '../channel/uptr.js';
import { i32 } from '../layout/scalars.js';
import { struct } from '../layout/struct.js';
import { publishCollections } from './attach.js';
import { attachThread } from './joint-attach.js';
import { JointHints } from './joint-hints.js';

// Without a kernel that takes part: test/channels has the rest.

const loaded = loadAddon();

afterEach(() => {
  if ('addon' in loaded) expect(loaded.addon.counts().bindings).toBe(0);
});

describe('JointHints', () => {
  const create = () =>
    [0, 1, 2].map(() => new BlockHints(new BlockWords(new ArrayBuffer(threadLayout.size)))) as [
      BlockHints,
      ...BlockHints[],
    ];

  test('each assignment goes to all, and the first is read', () => {
    const all = create();
    const hints = new JointHints(all);
    hints.urgency = 1;
    hints.batch = true;
    hints.sliceUs = 2;
    hints.deadlineNs = 3;
    hints.user = 4n;
    hints.phase = 'serving';
    const expected = {
      ...{ urgency: 1, batch: true, sliceUs: 2, deadlineNs: '3', user: '4' },
      phase: 'serving',
    };
    for (const one of [hints, ...all]) expect(one.toJSON()).toEqual(expected);
    hints.set({ urgency: 9, phase: 'draining' });
    for (const one of all) expect(one.toJSON()).toMatchObject({ urgency: 9, phase: 'draining' });
    hints.reset();
    for (const one of [hints, ...all]) expect(one.urgency).toBe(0);
    all[0].urgency = 77;
    expect(hints.urgency).toBe(77);
  });

  test('what is wrong is thrown, and no channel has it', () => {
    const all = create();
    const hints = new JointHints(all);
    expect(() => (hints.urgency = 1025)).toThrow(RangeError);
    expect(() => hints.set({ urgency: 5, sliceUs: -1 })).toThrow(RangeError);
    for (const one of all) expect(one.urgency).toBe(0);
  });
});

describe('attachThread({ channels })', () => {
  const channels = () =>
    [uptr({ map: '/nonexistent/a' }), layered({ map: '/nonexistent/b' })] as const;

  test('a handle for each channel, and the statuses of all', () => {
    const thread = attachThread({ channels: channels(), scoped: true });
    thread.hints.urgency = 5;
    expect(thread.threads.map(({ hints }) => hints.urgency)).toEqual([5, 5]);
    expect(thread.statuses).toHaveLength(2);
    expect(thread.statuses[0]).toEqual(thread.status);
    expect(thread.threads[0].blocks.thread.urgency).toBe(5);
    thread.stop();
    thread.stop();
    thread.hints.urgency = 6;
    expect(thread.hints.urgency).toBe(6);
    expect(thread.status).toMatchObject({ code: 'ERR_SCHEDHINT_STOPPED' });
  });

  test('hints are in the type where a channel carries them', () => {
    const value = { udata: struct('user_data', { a: i32 }) };
    const none = attachThread({ channels: [uptr({ map: '/nonexistent/c', value })], scoped: true });
    const absent: undefined = none.hints;
    expect(absent).toBeUndefined();
    none.stop();
    const one = attachThread({
      channels: [uptr({ map: '/nonexistent/c', value }), uptr()],
      scoped: true,
    });
    one.hints.urgency = 3;
    expect(one.threads[1].hints.urgency).toBe(3);
    one.stop();
  });

  test.runIf('addon' in loaded)('collections go to each that carries them, and stop', () => {
    const thread = attachThread({ channels: channels(), scoped: true });
    const stop = publishCollections(thread)!;
    expect(thread.threads.map(({ gc }) => gc.source)).toEqual(['live', 'live']);
    stop();
    stop();
    expect(thread.threads.map(({ gc }) => gc.source)).toEqual(['none', 'none']);
    thread.stop();
    expect(publishCollections(thread)).toBeNull();
  });

  test.each([
    ['none', { channels: [] }],
    ['no array', { channels: uptr() }],
    ['scoped, but no boolean', { channels: [uptr()], scoped: 1 }],
    ['one that is no channel', { channels: [uptr(), { kind: 'uptr' }] }],
    ['a map too', { channels: [uptr()], map: '/m' }],
    ['a channel too', { channels: [uptr()], channel: uptr() }],
  ])('%s: refused', (_, options) => {
    expect(() => attachThread(options as never)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_OPTION' }),
    );
  });
});
