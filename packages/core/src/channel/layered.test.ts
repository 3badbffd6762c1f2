import { afterEach, describe, expect, test, vi } from 'vitest';
import { BlockWords } from '../block/block-arrays.js';
import { BlockHints } from '../block/block-hints.js';
import { threadLayout } from '../block/standard-layouts.js';
import { attachThread } from '../thread/joint-attach.js';
import { layered } from './layered.js';
import type { LayeredMapping } from './layered-hints.js';
import { LayeredHints } from './layered-hints.js';
import { uptr } from './uptr.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('layered()', () => {
  test('a map of 32-byte values that no broker is asked for', () => {
    const { kind, standard, request } = layered({ map: '/m' });
    expect({ kind, standard }).toEqual({ kind: 'layered', standard: true });
    expect(request).toMatchObject({ kind: 'layered', map: '/m', broker: '', valueSize: 32 });
  });

  test('the normal number is 1, unless an option says otherwise', () => {
    expect(layered({ map: '/m' }).request.normalHint).toBe(1);
    expect(layered({ map: '/m', normal: 0 }).request.normalHint).toBe(0);
  });

  test('the path is that of the options, else of SCHEDHINT_LAYERED_MAP', () => {
    vi.stubEnv('SCHEDHINT_LAYERED_MAP', '/env');
    expect(layered().request.map).toBe('/env');
    expect(layered({ map: '/m' }).request.map).toBe('/m');
  });

  test.each([
    ['no map', undefined],
    ['no object', null],
    ['a map that is no path', { map: 5 }],
    ['gc too large', { map: '/m', gc: 1025 }],
    ['gc negative', { map: '/m', gc: -1 }],
    ['gc no integer', { map: '/m', gc: 0.5 }],
    ['gc no number', { map: '/m', gc: '900' }],
    ['normal too large', { map: '/m', normal: 1025 }],
    ['normal no number', { map: '/m', normal: null }],
    ['urgency no function', { map: '/m', urgency: 5 }],
  ])('%s: refused', (_, options) => {
    vi.stubEnv('SCHEDHINT_LAYERED_MAP', '');
    expect(() => layered(options as never)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_OPTION' }),
    );
  });

  test('one map, one kind: a process that uses it otherwise gets an error', () => {
    const first = attachThread({ channel: layered({ map: '/nonexistent/layered' }), scoped: true });
    const second = attachThread({ channel: uptr({ map: '/nonexistent/layered' }), scoped: true });
    if (first.status.state === 'waiting') {
      expect(second.status).toMatchObject({ code: 'ERR_SCHEDHINT_MAP_IN_USE' });
      expect(first.status.reason).toMatch(/SCHEDHINT_LAYERED_MAP/);
    }
    second.stop();
    first.stop();
  });
});

describe('LayeredHints', () => {
  function create(mapping: Partial<LayeredMapping> = {}) {
    const published: number[] = [];
    const values = new BlockHints(new BlockWords(new ArrayBuffer(threadLayout.size)));
    const hints = new LayeredHints(
      values,
      { gc: 900, urgency: (urgency) => urgency, ...mapping },
      (hint) => published.push(hint),
    );
    return { hints, published };
  }

  test('publishes the urgency, and keeps the rest', () => {
    const { hints, published } = create();
    hints.urgency = 5;
    hints.set({ urgency: 1024, sliceUs: 3, deadlineNs: 7, user: 8n, phase: 'serving' });
    hints.set({ sliceUs: 4 });
    hints.deadlineNs = 9;
    hints.urgency = 0;
    expect(published).toEqual([5, 1024, -1]);
    const rest = { batch: false, sliceUs: 4, deadlineNs: '9', user: '8', phase: 'serving' };
    expect(hints.toJSON()).toEqual({ urgency: 0, ...rest });
    hints.reset();
    expect(published).toEqual([5, 1024, -1, -1]);
    expect(hints.toJSON()).toMatchObject({ sliceUs: 0, phase: 'none' });
  });

  test('by its mapping, which is not asked about no opinion', () => {
    const { hints, published } = create({ urgency: (urgency) => (urgency < 10 ? null : 0) });
    for (const urgency of [5, 10, 0]) hints.urgency = urgency;
    expect(published).toEqual([-1, 0, -1]);
  });

  test.each<[string, (hints: LayeredHints) => void, string]>([
    ['an urgency out of range', (hints) => (hints.urgency = 1025), 'ERR_SCHEDHINT_FIELD_RANGE'],
    ['of the wrong type', (hints) => (hints.urgency = 5n as never), 'ERR_SCHEDHINT_FIELD_TYPE'],
    ['in a group', (hints) => hints.set({ sliceUs: 9, urgency: -1 }), 'ERR_SCHEDHINT_FIELD_RANGE'],
    [
      'another in the group',
      (hints) => hints.set({ urgency: 3, sliceUs: -1 }),
      'ERR_SCHEDHINT_FIELD_RANGE',
    ],
    ['no group', (hints) => hints.set(null as never), 'ERR_SCHEDHINT_FIELD_TYPE'],
    ['a mapping of 1025', (hints) => (hints.urgency = 1000), 'ERR_SCHEDHINT_FIELD_RANGE'],
  ])('%s: thrown, and nothing has changed', (_, assign, code) => {
    const { hints, published } = create({ urgency: (urgency) => urgency + 25 });
    hints.set({ urgency: 1, sliceUs: 2 });
    expect(() => assign(hints)).toThrow(expect.objectContaining({ code }));
    expect(published).toEqual([26]);
    expect(hints.toJSON()).toMatchObject({ urgency: 1, sliceUs: 2 });
  });
});
