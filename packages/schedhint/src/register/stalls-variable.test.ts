import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkConfig } from '../config/check-config.js';
import { stallsOf } from './stalls-variable.js';

test('a threshold, and words behind it', () => {
  expect(stallsOf('50')).toEqual({ thresholdMs: 50 });
  expect(stallsOf('10.5,json')).toEqual({ thresholdMs: 10.5, output: 'json' });
  expect(stallsOf('60000,none,stack')).toEqual({
    thresholdMs: 60_000,
    output: 'none',
    stack: true,
  });
});

test('off', () => {
  for (const value of ['0', 'off', 'false']) expect(stallsOf(value)).toBeNull();
});

test.each([
  ['1', 'expected milliseconds from 10 to 60000, or "off", got "1"'],
  ...['9.999', '60001', '5e1', '0x50', ' 50', '50ms', '-50', 'yes', '1e400'].map((value) => [
    value,
    'milliseconds',
  ]),
  ['50,', 'expected "line", "json", "none" or "stack" behind the comma, got ""'],
  ['50,xml', 'got "xml"'],
])('%s is wrong', (value, message) => {
  expect(stallsOf(value)).toContain(message);
});

test('what is taken is what a config file may say', () => {
  fc.assert(
    fc.property(fc.string(), fc.double(), (text, number) => {
      for (const value of [text, `${number}`, `50,${text}`]) {
        const wanted = stallsOf(value);
        if (typeof wanted !== 'string' && wanted !== null) {
          checkConfig({ version: 1, stalls: wanted });
        }
      }
    }),
  );
});
