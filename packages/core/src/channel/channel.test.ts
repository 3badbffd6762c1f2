import { resolve } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ValueShape } from '../layout/map-value.js';
import { at } from '../layout/placement.js';
import { u8, u16, u32, u64 } from '../layout/scalars.js';
import { array, struct } from '../layout/struct.js';
import { attachThread } from '../thread/joint-attach.js';
import { DEFAULT_BROKER, DEFAULT_PIN } from './map-location.js';
import { uptr } from './uptr.js';

const small = struct('small', { a: u32 });
const large = struct('large', { bytes: array(u8, 4096) });
const offsets = (value: ValueShape) => uptr({ value }).request.slots.map(({ offset }) => offset);

describe('the path', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('is the argument, else SCHEDHINT_MAP, else the default', () => {
    vi.stubEnv('SCHEDHINT_MAP', '/env/map');
    expect(uptr({ map: '/own/map' }).request.map).toBe('/own/map');
    expect(uptr().request.map).toBe('/env/map');
    vi.stubEnv('SCHEDHINT_MAP', '');
    expect(uptr().request.map).toBe(DEFAULT_PIN);
    vi.stubEnv('SCHEDHINT_MAP', undefined);
    expect(uptr().request.map).toBe(DEFAULT_PIN);
  });

  test('is made absolute, so that it does not change with the directory', () => {
    expect(uptr({ map: 'some/map' }).request.map).toBe(resolve('some/map'));
  });

  test.each([[5], [''], ['a\0b'], [{}]])('%j is invalid', (map) => {
    expect(() => uptr({ map } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
    );
  });
});

describe('the broker', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('is the argument, else SCHEDHINT_BROKER, else the default; empty: none', () => {
    vi.stubEnv('SCHEDHINT_BROKER', '/env/socket');
    expect(uptr({ broker: '/own/socket' }).request.broker).toBe('/own/socket');
    expect(uptr({ broker: '' }).request.broker).toBe('');
    expect(uptr().request.broker).toBe('/env/socket');
    vi.stubEnv('SCHEDHINT_BROKER', '');
    expect(uptr().request.broker).toBe('');
    vi.stubEnv('SCHEDHINT_BROKER', undefined);
    expect(uptr().request.broker).toBe(DEFAULT_BROKER);
  });

  test.each([[5], ['a\0b'], [{}], [false]])('%j is invalid', (broker) => {
    expect(() => uptr({ broker } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
    );
  });
});

test('the standard channel: two pointers, the second shared by the process', () => {
  const { request, standard, kind } = uptr({ map: '/m', broker: '/b' });
  expect({ kind, standard }).toEqual({ kind: 'uptr', standard: true });
  expect(request).toEqual({
    kind: 'uptr',
    map: '/m',
    broker: '/b',
    valueSize: 16,
    slots: [
      { offset: 0, size: 256, owner: 'thread', attachNs: 72, reader: 128 },
      { offset: 8, size: 128, owner: 'process', attachNs: 16, reader: 64 },
    ],
    countSlot: 1,
    countOffset: 8,
  });
});

describe("a value of one's own is laid out by C's rules", () => {
  test('and where at() says', () => {
    const nested = { a: u8, p: small };
    const value = { a: u8, p: at(16, small), bytes: array(u8, 3), n: at(40, nested), last: small };
    expect(offsets(value)).toEqual([16, 48, 56]);
    for (const wrong of [at(4, small), at(1.5, small), at(-8, small)]) {
      expect(() => uptr({ value: { a: u64, p: wrong } })).toThrow(
        expect.objectContaining({ code: 'ERR_SCHEDHINT_LAYOUT' }),
      );
    }
  });

  test('pointers and plain fields', () => {
    const channel = uptr({
      map: '/m',
      value: { flag: u8, first: small, half: u16, second: large, last: u8 },
    });
    const { request } = channel;
    expect(channel.standard).toBe(false);
    expect(request.slots).toEqual([
      { offset: 8, size: 4, owner: 'thread' },
      { offset: 24, size: 4096, owner: 'thread' },
    ]);
    expect(request.valueSize).toBe(40);
    expect(request.countSlot).toBe(-1);
    const thread = attachThread({ channel, scoped: true });
    expect(Object.keys(thread.blocks)).toEqual(['first', 'second']);
    thread.stop();
  });

  test('nested structs are aligned and padded as a whole', () => {
    expect(offsets({ x: u8, nested: { y: u32, p: small, z: u8 }, q: small })).toEqual([16, 32]);
    expect(offsets({ x: u16, nested: { y: u8, z: u16 }, p: small })).toEqual([8]);
    expect(uptr({ value: { p: small, x: u64, y: u8 } }).request.valueSize).toBe(24);
  });

  test.each<[string, unknown]>([
    ['no pointer', { x: u32 }],
    ['nothing', {}],
    ['null', null],
    ['an array of nothing known', { x: { ...array(u8, 4) }, p: small }],
    ['an empty nested struct', { p: small, nested: {} }],
    ['a string', { p: 'small' }],
    ['a struct larger than a page', { p: struct('huge', { bytes: array(u8, 65537) }) }],
  ])('refused: %s', (_, value) => {
    expect(() => uptr({ value } as never)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_LAYOUT' }),
    );
  });

  test.each([[null], [5], ['map']])('options %j are none', (options) => {
    expect(() => uptr(options as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
    );
  });
});
