import { loadAddon } from '@schedhint/native';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { i32, u8, u32, u64, u64n } from '../layout/scalars.js';
import { array, struct } from '../layout/struct.js';
import { attachThread } from '../thread/joint-attach.js';
import { TLD_HINT_KEYS, tld } from './tld.js';
import { TldHints } from './tld-hints.js';

// Without a kernel that takes part: test/channels has the rest.

const loaded = loadAddon();

afterEach(() => {
  vi.unstubAllEnvs();
  if ('addon' in loaded) expect(loaded.addon.counts().bindings).toBe(0);
});

const map = '/nonexistent/tld';

describe('tld()', () => {
  test('without options: the hints’ own names, the map of SCHEDHINT_TLD_MAP', () => {
    vi.stubEnv('SCHEDHINT_TLD_MAP', map);
    const { kind, standard, request, tld: description } = tld();
    expect({ kind, standard }).toEqual({ kind: 'tld', standard: false });
    expect(request).toMatchObject({ kind: 'tld', map, broker: '', valueSize: 16 });
    expect(description).toMatchObject({
      keys: {},
      hints: { urgency: { key: TLD_HINT_KEYS.urgency, per: 1 } },
      gc: { gc: 'schedhint_gc' },
      dynamicBytes: 64,
    });
  });

  test('SCHEDHINT_TLD_DYNAMIC_BYTES is the default of dynamicBytes', () => {
    vi.stubEnv('SCHEDHINT_TLD_DYNAMIC_BYTES', '512');
    expect(tld({ map }).tld.dynamicBytes).toBe(512);
    expect(tld({ map, dynamicBytes: 8 }).tld.dynamicBytes).toBe(8);
  });

  test.each<[string, unknown, string?]>([
    ['no map', undefined],
    ['no object', null],
    ['a name of 63 characters', { map, keys: { ['k'.repeat(63)]: u64 } }],
    ['a name of 32 characters and 64 bytes', { map, keys: { ['ж'.repeat(32)]: u64 } }],
    ['an empty name', { map, keys: { '': u64 } }],
    ['a name with a NUL', { map, keys: { 'a\0b': u64 } }],
    ['a name with half a character', { map, keys: { '\ud800': u64 } }],
    ['a number, which would not stay in its place', { map, keys: { a: u64, 0: u64 } }],
    ['a name that every view has', { map, keys: { '#memory': u64 } }],
    ['a hint to an empty name', { map, hints: { urgency: '' } }],
    ['a name that every object has', { map, keys: { constructor: u64 } }],
    ['__proto__', { map, keys: { ['__proto__']: u64 } }],
    ['__proto__ in a literal, which sets the prototype', { map, keys: { __proto__: u64 } }],
    ['an invalid type', { map, keys: { a: 8 } }],
    ['an unknown hint', { map, hints: { speed: 'a' } }],
    ['a hint without a key', { map, hints: { urgency: {} } }],
    ['a hint to null', { map, hints: { urgency: null } }],
    ['per 0', { map, hints: { urgency: { key: 'a', per: 0 } } }],
    ['per 0.5', { map, hints: { urgency: { key: 'a', per: 0.5 } } }],
    ['a scaled collection', { map, hints: { gc: { key: 'a', per: 1 } } }],
    ['a hint to a key of 4 bytes', { map, keys: { a: u32 }, hints: { urgency: 'a' } }],
    ['dynamicBytes negative', { map, dynamicBytes: -1 }],
    ['dynamicBytes too many', { map, dynamicBytes: 4089 }],
    ['dynamicBytes of the environment that are no number', { map }, '1k'],
    ['dynamicBytes of the environment that are too many', { map }, '4089'],
  ])('%s: refused', (_, options, dynamicBytes = '') => {
    vi.stubEnv('SCHEDHINT_TLD_MAP', '');
    vi.stubEnv('SCHEDHINT_TLD_DYNAMIC_BYTES', dynamicBytes);
    expect(() => tld(options as never)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_OPTION' }),
    );
  });

  test('a name of 62 characters is one', () => {
    expect(() => tld({ map, keys: { ['k'.repeat(62)]: u64 } })).not.toThrow();
  });
});

describe('a thread with task local data', () => {
  test('values of any type, zero at first; hints next to them; private after stop()', () => {
    const point = struct('point', { x: i32, y: i32 });
    const keys = { small: u8, point, bytes: array(u8, 3), wide: u64n };
    // The process's first: with room for what the other tests create.
    const channel = tld({ map, keys, dynamicBytes: 512 });
    const thread = attachThread({ channel, scoped: true });
    expect(JSON.parse(JSON.stringify(thread.blocks))).toEqual({
      small: 0,
      point: { x: 0, y: 0 },
      bytes: [0, 0, 0],
      wide: 0,
    });
    thread.blocks.small = 255;
    thread.blocks.point.y = -1;
    thread.blocks.wide = 2 ** 53;
    thread.hints.urgency = 1024;
    expect(thread.blocks.point.x).toBe(0);
    thread.stop();
    thread.hints.urgency = 5;
    expect(thread.blocks).toMatchObject({ small: 255, wide: 2 ** 53 });
    expect(thread.hints.urgency).toBe(5);
    expect(thread.status).toMatchObject({ code: 'ERR_SCHEDHINT_STOPPED' });
  });

  test('a name is any string, as the kernel has it', () => {
    const names = ['a-b.c d', 'int', '12 monkeys', '"quoted"', 'größe', 'm'.repeat(62)];
    const keys = Object.fromEntries(names.map((name) => [name, u64n] as const));
    const channel = tld({ map, keys, hints: { urgency: 'hint of 1', gc: '0' } });
    const thread = attachThread({ channel, scoped: true });
    for (const [i, name] of names.entries()) thread.blocks[name] = i + 1;
    thread.hints.urgency = 900;
    expect(JSON.parse(JSON.stringify(thread.blocks))).toEqual(
      Object.fromEntries(names.map((name, i) => [name, i + 1])),
    );
    expect(() => {
      thread.blocks['a-b.c d'] = -1;
    }).toThrow(expect.objectContaining({ code: 'ERR_SCHEDHINT_FIELD_RANGE' }));
    thread.stop();
  });

  test('two channels over one map share the values of a key', () => {
    const one = attachThread({ channel: tld({ map, keys: { shared: u64 } }), scoped: true });
    const two = attachThread({
      channel: tld({ map, keys: { shared: u64 }, hints: {} }),
      scoped: true,
    });
    one.blocks.shared = 9n;
    if ('addon' in loaded) expect(two.blocks.shared).toBe(9n);
    one.stop();
    two.stop();
  });

  test.runIf('addon' in loaded)('one that throws makes no key at all', () => {
    const half = { map, keys: { half_made: u64, too_large: array(u8, 4089) }, hints: {} };
    expect(() => attachThread({ channel: tld(half) })).toThrow(
      expect.objectContaining({ name: 'RangeError', code: 'ERR_SCHEDHINT_TLD_SPACE' }),
    );
    // As half_made was not made, it may have another size.
    const channel = tld({ map, keys: { half_made: u32 }, hints: {} });
    attachThread({ channel, scoped: true }).stop();
  });

  test.runIf('addon' in loaded)('another size of a key is thrown, and nothing is attached', () => {
    const one = attachThread({ channel: tld({ map, keys: { sized: u64 } }), scoped: true });
    expect(() => attachThread({ channel: tld({ map, keys: { sized: u32 } }) })).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_TLD_KEY_SIZE' }),
    );
    one.stop();
  });
});

describe('TldHints', () => {
  const create = (hints: ConstructorParameters<typeof TldHints>[2]['hints']) => {
    const words = new BigUint64Array(4);
    return { words, hints: new TldHints(words.buffer, 8, { layout: null, gc: {}, hints }) };
  };

  test('each goes to its word, divided and rounded up; what has none is kept', () => {
    const { words, hints } = create({
      sliceUs: { offset: 0, per: 1000 },
      deadlineNs: { offset: 8, per: 1_000_000 },
      phase: { offset: 16, per: 1 },
    });
    hints.set({ urgency: 3, sliceUs: 1, deadlineNs: 1_000_001n, user: 2n ** 64n - 1n });
    hints.phase = 'serving';
    expect([...words]).toEqual([0n, 1n, 2n, 2n]);
    expect(hints.toJSON()).toEqual({
      urgency: 3,
      batch: false,
      sliceUs: 1000,
      deadlineNs: '2000000',
      user: String(2n ** 64n - 1n),
      phase: 'serving',
    });
    hints.deadlineNs = 5_000_000;
    hints.sliceUs = 2000;
    expect([...words]).toEqual([0n, 2n, 5n, 2n]);
    hints.reset();
    expect([...words]).toEqual([0n, 0n, 0n, 0n]);
    words[3] = 99n;
    expect(hints.phase).toBe('none');
  });

  test.each<[string, (hints: TldHints) => void]>([
    ['urgency', (hints) => (hints.urgency = 1025)],
    ['sliceUs', (hints) => (hints.sliceUs = -1)],
    ['deadlineNs', (hints) => (hints.deadlineNs = 2n ** 64n)],
    ['user', (hints) => (hints.user = 0.5)],
    ['phase', (hints) => (hints.phase = 'done' as never)],
    ['a group', (hints) => hints.set({ urgency: 2, sliceUs: -1 })],
  ])('%s out of range: thrown, nothing written', (_, assign) => {
    const { words, hints } = create({ urgency: { offset: 0, per: 1 } });
    expect(() => assign(hints)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEDHINT_FIELD_RANGE' }),
    );
    expect(words[1]).toBe(0n);
  });
});
