import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deadlineOf, urgencyOf } from './client-headers.js';
import type { DeadlineHeader } from './config.js';

const NAMES: DeadlineHeader[] = [
  'grpc-timeout',
  'x-envoy-expected-rq-timeout-ms',
  'connect-timeout-ms',
  'request-timeout',
];

test.each<[DeadlineHeader, string, number]>([
  ['grpc-timeout', '1H', 3_600_000],
  ['grpc-timeout', '2M', 120_000],
  ['grpc-timeout', '3S', 3000],
  ['grpc-timeout', '250m', 250],
  ['grpc-timeout', '250u', 0.25],
  ['grpc-timeout', '99999999n', 99.999999],
  ['grpc-timeout', '00000001S', 1000],
  ['x-envoy-expected-rq-timeout-ms', '15000', 15_000],
  ['connect-timeout-ms', '9999999999', 9_999_999_999],
  ['request-timeout', '30', 30_000],
  ['request-timeout', '0.25', 250],
])('%s: %s', (name, value, ms) => {
  expect(deadlineOf(name, value)).toBeCloseTo(ms, 9);
});

test.each<[DeadlineHeader, string | string[] | undefined]>([
  ...['', 'S', '1', '1s', '1X', '-1S', '+1S', '1.5S', ' 1S', '1S ', '123456789S', '1S, 2S'].map(
    (value): [DeadlineHeader, string] => ['grpc-timeout', value],
  ),
  ['grpc-timeout', '0S'],
  ['grpc-timeout', undefined],
  ['grpc-timeout', ['1S']],
  ...['', '0', '-5', '1e3', '0x10', '5ms', '1.5', '12345678901', '１'].map(
    (value): [DeadlineHeader, string] => ['x-envoy-expected-rq-timeout-ms', value],
  ),
  ...['soon', 'Infinity', 'NaN', '1,5', '.5', '5.', '0', '0.0', '12345678'].map(
    (value): [DeadlineHeader, string] => ['request-timeout', value],
  ),
])('%s: %j says nothing', (name, value) => {
  expect(deadlineOf(name, value)).toBe(undefined);
});

test.each([
  ['u=0', 768],
  ['u=1, i', 768],
  ['i, u=2', 512],
  ['u=4', 512],
  ['u=5', 256],
  ['u=7;a=b,i', 256],
  ['x=9 ,\tu=0 ', 768],
  // The last one counts.
  ['u=0, u=7', 256],
  ['u=7,u=9', 256],
])('priority: %s', (value, urgency) => {
  expect(urgencyOf(value)).toBe(urgency);
});

test.each([
  ...['', 'i', 'u', 'u=', 'u=8', 'u=-1', 'u=1.0', 'u=01', 'U=1', 'u =1', 'u= 1', 'xu=1', 'u=1x'],
  ...['u=high', '"u=1"', 'u=?1', 'u=(1)', `u=0${' '.repeat(400)}`, undefined, ['u=0']],
])('priority: %j says nothing', (value) => {
  expect(urgencyOf(value)).toBe(undefined);
});

test('whatever a client sends: no exception, and a number above 0 or nothing', () => {
  const pieces = fc.constantFrom('u=', 'u', '=', '0', '7', '8', ',', ';', ' ', 'i', 'S', 'm', 'n');
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map((all) => all.join('')),
    fc
      .tuple(fc.nat(), fc.constantFrom('H', 'M', 'S', 'm', 'u', 'n', ''))
      .map((two) => two.join('')),
    fc.array(fc.string()),
    fc.constant(undefined),
  );
  fc.assert(
    fc.property(value, (sent) => {
      for (const name of NAMES) {
        const ms = deadlineOf(name, sent);
        if (ms !== undefined) expect(ms > 0 && ms < 3.6e15).toBe(true);
      }
      expect([256, 512, 768, undefined]).toContain(urgencyOf(sent));
    }),
    { numRuns: 5000 },
  );
});
