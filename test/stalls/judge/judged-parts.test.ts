// The judge's division of a stall, by states and pauses that are made up.

import { expect, test } from 'vitest';
import { judgedParts } from './judged-parts.js';
import { intervalsOf, type ThreadState } from './thread-states.js';

const MS = 1e6;
const span = (start: number, end: number) => ({ startNs: start * MS, endNs: end * MS });

/** Changes at a time, to a state, with the CPU time until then; ms. */
function intervals(...changes: [at: number, state: ThreadState, ran: number][]) {
  return intervalsOf(changes.map(([at, state, ran]) => ({ ns: at * MS, ranNs: ran * MS, state })));
}

const NOTHING = {
  gc: 0,
  code: 0,
  noCpu: 0,
  throttled: 0,
  blocked: 0,
  paused: 0,
  unknown: 0,
  idle: 0,
};

test('each state is a part, within what was reported', () => {
  const states = intervals(
    [0, 'onCpu', 0],
    [10, 'ready', 10],
    [20, 'onCpu', 10],
    [25, 'throttled', 15],
    [40, 'onCpu', 15],
    [42, 'asleep', 17],
    [70, 'onCpu', 17],
    [75, 'stopped', 22],
    [90, 'onCpu', 22],
    [100, 'asleep', 32],
  );
  expect(judgedParts(span(5, 95), span(5, 95), states, [])).toEqual({
    ...NOTHING,
    ...{ code: 5 + 5 + 2 + 5 + 5, noCpu: 10, throttled: 15, blocked: 28, paused: 15 },
  });
});

test('a pause takes its time from all states', () => {
  const states = intervals(
    [0, 'onCpu', 0],
    [10, 'ready', 10],
    [20, 'onCpu', 10],
    [30, 'asleep', 20],
  );
  expect(judgedParts(span(0, 30), span(0, 30), states, [span(5, 25)])).toEqual({
    ...NOTHING,
    ...{ gc: 20, code: 10 },
  });
});

test('a wait in the callbacks at a pause’s end is no part of it', () => {
  const states = intervals(
    [0, 'onCpu', 0],
    [10, 'ready', 10],
    [20, 'onCpu', 10],
    [30, 'asleep', 20],
  );
  expect(judgedParts(span(0, 30), span(0, 30), states, [span(5, 20.005)])).toEqual({
    ...NOTHING,
    ...{ gc: 5, code: 15, noCpu: 10 },
  });
});

test('a wait before the last 50 us of a pause is part of it: V8 had work to do', () => {
  const states = intervals(
    [0, 'onCpu', 0],
    [10, 'ready', 10],
    [20, 'onCpu', 10],
    [30, 'asleep', 20],
  );
  expect(judgedParts(span(0, 30), span(0, 30), states, [span(5, 20.05)])).toEqual({
    ...NOTHING,
    ...{ gc: 15.05, code: 14.95 },
  });
});

test('what the hypervisor took is a pause of the process', () => {
  const states = intervals([0, 'onCpu', 0], [40, 'ready', 30]);
  expect(judgedParts(span(0, 40), span(0, 40), states, [])).toEqual({
    ...NOTHING,
    ...{ code: 30, paused: 10 },
  });
});

test('where the kernel counts CPU time from the wakeup on, that is no wait for a CPU', () => {
  const states = intervals([0, 'asleep', 0], [10, 'ready', 0], [14, 'onCpu', 0], [20, 'asleep', 9]);
  expect(judgedParts(span(0, 20), span(0, 20), states, [])).toEqual({
    ...NOTHING,
    ...{ blocked: 10, noCpu: 1, code: 9 },
  });
});

test('a wait before or after what was made is the loop’s', () => {
  const states = intervals(
    [0, 'asleep', 0],
    [30, 'onCpu', 0],
    [50, 'asleep', 20],
    [60, 'onCpu', 20],
  );
  expect(judgedParts(span(10, 55), span(28, 50), states, [])).toEqual({
    ...NOTHING,
    ...{ code: 20, blocked: 2, idle: 23 },
  });
});

test('what the judge has not seen is unknown', () => {
  expect(
    judgedParts(span(0, 40), span(0, 40), intervals([30, 'onCpu', 0], [35, 'ready', 5]), []),
  ).toEqual({ ...NOTHING, ...{ code: 5, unknown: 35 } });
});
