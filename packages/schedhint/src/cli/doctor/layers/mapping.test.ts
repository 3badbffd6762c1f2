import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DOCUMENTED, ranges, readMapping } from './mapping.js';

test('without options: what docs/channels.md has', () => {
  expect(readMapping({})).toEqual(DOCUMENTED);
});

test('numbers, ranges and none', () => {
  expect(readMapping({ gc: 'none', normal: '0', urgency: '900,5-7,6' })).toEqual({
    gc: null,
    normal: 0,
    urgencies: [5, 6, 7, 900],
  });
  expect(readMapping({ normal: 'none', urgency: 'none' })).toEqual({
    gc: 900,
    normal: null,
    urgencies: [],
  });
});

test.each([
  { gc: '1025' },
  { gc: '-1' },
  { gc: '' },
  { normal: 'x' },
  { urgency: '1-' },
  { urgency: '9-1' },
  { urgency: '1-2-3' },
  { urgency: '1,,2' },
  { urgency: '1.5' },
])('%j is refused', (options) => {
  expect(() => readMapping(options)).toThrow(
    expect.objectContaining({
      code: 'ERR_SCHEDHINT_OPTION',
      message: expect.stringMatching(/^--layered-\w+ needs a whole number from 0 to 1024/),
    }),
  );
});

test('ranges are read as they are shown', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 1024 }), { minLength: 1 }), (numbers) => {
      const urgency = ranges(numbers).replaceAll(' ', '');
      expect(readMapping({ urgency }).urgencies).toEqual([...numbers].sort((a, b) => a - b));
    }),
  );
});
