import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RunDelayWindow } from './run-delay-window.js';

test('nothing is known at first', () => {
  expect(new RunDelayWindow().share(5, 5)).toBe(-1);
});

test('the share of the last second, and not what was before', () => {
  const window = new RunDelayWindow();
  // 500 ms of delay in the first second, none in the next, then 250.
  for (let t = 0; t <= 1000; t += 10) window.add(t, t / 2);
  expect(window.share(1000, 500)).toBeCloseTo(0.5, 1);
  for (let t = 1010; t <= 2000; t += 10) window.add(t, 500);
  expect(window.share(2000, 500)).toBeCloseTo(0, 1);
  expect(window.share(2250, 750)).toBeCloseTo(0.25, 1);
});

test('right after the start a short wait is a small share of a second', () => {
  const window = new RunDelayWindow();
  window.add(0, 0);
  expect(window.share(20, 20)).toBeCloseTo(0.02);
});

test('it is a share, whatever comes', () => {
  const steps = fc.array(
    fc.tuple(fc.nat(3000), fc.nat(100)).map(([ms, percent]) => ({ ms, percent })),
  );
  fc.assert(
    fc.property(steps, (all) => {
      const window = new RunDelayWindow();
      let now = 0;
      let delay = 0;
      window.add(0, 0);
      for (const { ms, percent } of all) {
        now += ms;
        delay += (ms * percent) / 100;
        window.add(now, delay);
        const share = window.share(now, delay);
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
      }
    }),
  );
});
