import type { EventKind, ThreadEvent } from '@schedhint/observer';
import { expect, test } from 'vitest';
import { ThreadTrack } from '../../../packages/observer/dist/cli/trace/track.js';

const PERIOD = 100;
const hints = { role: 1, phase: 0, urgency: 0, batch: false, sliceUs: 0, deadlineNs: 0n, user: 0n };

/** What the track makes of events, each `[what, at, gc, gcCount, gcSince]`. */
function track(...events: [EventKind, number, number?, number?, number?][]): ThreadTrack {
  const made = new ThreadTrack(1, PERIOD);
  for (const [what, at, gc = 0, gcCount = 0, since = 0] of events) {
    const event: ThreadEvent = {
      ...{ what, ns: BigInt(at), tid: 1, cpu: 0, comm: 'node', kind: 'js', inGc: gc !== 0 },
      ...{ gc, gcCount, gcSinceNs: BigInt(since), hints },
    };
    made.add(event, at);
  }
  made.close(10_000);
  return made;
}

test('switches: on a CPU, preempted, waiting, asleep', () => {
  const { onCpu, waits, preemptions } = track(
    ['run', 100],
    ['wait', 200],
    ['run', 300],
    ['sleep', 400],
    ['wake', 500],
    ['run', 600],
    ['end', 650],
  );
  expect(onCpu.map(({ start, end }) => [start, end])).toEqual([
    [100, 200],
    [300, 400],
    [600, 650],
  ]);
  expect(waits).toEqual([
    { start: 200, end: 300 },
    { start: 500, end: 600 },
  ]);
  expect(preemptions).toEqual([{ at: 200, inGc: false }]);
});

test('a signal that keeps it from sleeping is no preemption', () => {
  const { waits, preemptions } = track(['run', 100], ['signal', 200], ['run', 250]);
  expect(waits).toEqual([{ start: 200, end: 250 }]);
  expect(preemptions).toEqual([]);
});

test('a pause begins when the thread says so, and ends in the middle of two looks', () => {
  const { pauses } = track(['run', 100], ['change', 250, 1, 0, 180], ['change', 950, 0, 1, 180]);
  // The tick at 850 found nothing new: it still ran.
  expect(pauses).toEqual([{ start: 180, end: 900, kinds: 1 }]);
});

test('what it says of the beginning cannot be before a look that found none', () => {
  const { pauses } = track(['run', 100], ['change', 250, 4, 0, 20], ['end', 260, 4, 0, 20]);
  expect(pauses).toEqual([{ start: 100, end: 260, kinds: 4 }]);
});

test('the kinds that nest in one pause are one', () => {
  const { pauses } = track(
    ['run', 100],
    ['change', 200, 4, 0, 150],
    ['change', 300, 20, 0, 150],
    ['sleep', 400, 0, 1, 150],
  );
  expect(pauses).toEqual([{ start: 150, end: 350, kinds: 20 }]);
});

test('two pauses between whose looks it was in none', () => {
  const { pauses, shortPauses } = track(
    ['run', 100],
    ['change', 200, 1, 0, 150],
    ['change', 300, 1, 1, 280],
    ['sleep', 400, 0, 2, 280],
  );
  expect(pauses).toEqual([
    { start: 150, end: 240, kinds: 1 },
    { start: 280, end: 350, kinds: 1 },
  ]);
  expect(shortPauses).toEqual([]);
});

test('pauses that no look has seen are counted', () => {
  const { pauses, shortPauses } = track(
    ['run', 100, 0, 7],
    ['change', 200, 0, 9],
    ['change', 300, 1, 9, 260],
    ['sleep', 400, 0, 11, 260],
  );
  expect(pauses).toHaveLength(1);
  expect(shortPauses).toEqual([
    { at: 200, count: 2 },
    { at: 400, count: 1 },
  ]);
});

test('a look when a pause is counted, and not over yet', () => {
  const { pauses, shortPauses } = track(
    ['run', 100],
    ['change', 200, 1, 0, 150],
    ['change', 300, 1, 1, 150],
    ['sleep', 400, 0, 1, 150],
  );
  expect([pauses.length, shortPauses]).toEqual([1, []]);
});

test('the count of collections may pass 2^32', () => {
  const { shortPauses } = track(['run', 100, 0, 2 ** 32 - 1], ['sleep', 200, 0, 1]);
  expect(shortPauses).toEqual([{ at: 200, count: 2 }]);
});
