import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createView } from '../view/struct-view.js';
import { BlockWords } from './block-arrays.js';
import { GcState } from './gc-state.js';
import { Flag, GcKind, threadLayout } from './standard-block.js';

test('shows what the hook wrote, read-only', () => {
  const buffer = new ArrayBuffer(256);
  const view = createView(threadLayout, buffer, 128);
  const gc = new GcState(new BlockWords(buffer, 128));
  view.gc = GcKind.scavenge | GcKind.markCompact;
  view.gc_count = 2 ** 32 - 1;
  view.gc_since_ns = 2n ** 63n + 1n;
  view.gc_expect_ns = 2n ** 53n + 1n;
  view.flags = Flag.gcLive | Flag.gcCycle;
  const all = {
    pauses: 5,
    count: 2 ** 32 - 1,
    sinceNs: 2n ** 63n + 1n,
    expectNs: 2n ** 53n + 1n,
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
    expectNs: `${all.expectNs}`,
  });
  expect(inspect(gc)).toMatch(/^GcState \{\s+pauses: 5,/);
});

test.each([
  [0, 'none', false],
  [Flag.gcLive, 'live', false],
  [Flag.gcAfter, 'after', false],
  [Flag.gcAfter | Flag.gcCycle, 'after', true],
  [Flag.gcLive | Flag.gcAfter, 'live', false],
  [1 << 30, 'none', false],
])('flags %i: source %s, cycle %s', (flags, source, cycle) => {
  const gc = new GcState(new BlockWords(new ArrayBuffer(128)));
  const other = new ArrayBuffer(128);
  createView(threadLayout, other, 0).flags = flags;
  GcState.move(gc, other, 0);
  expect([gc.source, gc.cycle]).toEqual([source, cycle]);
});
