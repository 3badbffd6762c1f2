import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createView } from '../view/struct-view.js';
import { BlockWords } from './block-arrays.js';
import { GcState } from './gc-state.js';
import { threadLayout } from './standard-layouts.js';
import { Flag, GC_CYCLE, GC_RUNTIME_SHIFT, GcKind, V8GcKind } from './standard-values.js';

test('shows what the hook wrote, read-only', () => {
  const buffer = new ArrayBuffer(512);
  const view = createView(threadLayout, buffer, 256);
  const gc = new GcState(new BlockWords(buffer, 256));
  const kinds = V8GcKind.scavenge | V8GcKind.weakCallbacks;
  view.gc = (GcKind.minor | GcKind.other | GC_CYCLE | (kinds << GC_RUNTIME_SHIFT)) >>> 0;
  view.gc_count = 2 ** 32 - 1;
  view.gc_since_ns = 2n ** 63n + 1n;
  view.gc_expect_us = 2 ** 32 - 2;
  view.flags = Flag.gcLive;
  const all = {
    pauses: 5,
    runtimeKinds: 17,
    count: 2 ** 32 - 1,
    sinceNs: 2n ** 63n + 1n,
    expectUs: 2 ** 32 - 2,
    source: 'live',
    cycle: true,
  };
  for (const [name, value] of Object.entries(all)) {
    expect(gc[name as keyof typeof all]).toBe(value);
    expect(() => {
      (gc as unknown as Record<string, unknown>)[name] = 0;
    }).toThrow(TypeError);
  }
  expect(JSON.parse(JSON.stringify(gc))).toEqual({
    ...all,
    sinceNs: `${all.sinceNs}`,
  });
  expect(inspect(gc)).toMatch(/^GcState \{\s+pauses: 5,/);
});

test.each([
  [0, 'none'],
  [Flag.gcLive, 'live'],
  [Flag.gcAfter, 'after'],
  [Flag.gcLive | Flag.gcAfter, 'live'],
  [1 << 30, 'none'],
])('flags %i: source %s', (flags, source) => {
  const gc = new GcState(new BlockWords(new ArrayBuffer(256)));
  const other = new ArrayBuffer(256);
  createView(threadLayout, other, 0).flags = flags;
  GcState.move(gc, other, 0);
  expect(gc.source).toBe(source);
});

test.each([
  [0, 0, false],
  [GC_CYCLE, 0, true],
  [GC_CYCLE | GcKind.major, GcKind.major, true],
  [0x200, 0, false],
  [0xff, 0xff, false],
])('gc word %i: pauses %i, cycle %s', (word, pauses, cycle) => {
  const buffer = new ArrayBuffer(256);
  createView(threadLayout, buffer, 0).gc = word;
  const gc = new GcState(new BlockWords(buffer));
  expect([gc.pauses, gc.cycle]).toEqual([pauses, cycle]);
});
