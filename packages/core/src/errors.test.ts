import { expect, test } from 'vitest';
import { checkNames, rangeError, show, typeError } from './errors.js';

test('errors are the built-in classes with a code', () => {
  const type = typeError('ERR_SCHEDHINT_FIELD_TYPE', 'text');
  expect(type).toBeInstanceOf(TypeError);
  expect(type).toMatchObject({ code: 'ERR_SCHEDHINT_FIELD_TYPE', message: 'text' });
  const range = rangeError('ERR_SCHEDHINT_FIELD_RANGE', 'text');
  expect(range).toBeInstanceOf(RangeError);
  expect(range).toMatchObject({ code: 'ERR_SCHEDHINT_FIELD_RANGE', message: 'text' });
});

test('show distinguishes values of different types, and never throws', () => {
  const hostile = { toString: () => Promise.reject(new Error('called')) };
  const values = [
    '5',
    5,
    5n,
    -0,
    0,
    NaN,
    null,
    undefined,
    [5],
    hostile,
    () => 5,
    Symbol('s'),
    true,
  ];
  expect(values.map(show)).toEqual([
    '"5"',
    '5',
    '5n',
    '-0',
    '0',
    'NaN',
    'null',
    'undefined',
    'an array',
    'an object',
    'a function',
    'Symbol(s)',
    'true',
  ]);
  expect(show('x'.repeat(1000)).length).toBeLessThan(50);
});

test.each([
  ['deadline', 'did you mean deadlineMs?'],
  ['deadlinems', 'did you mean deadlineMs?'],
  ['urgencey', 'did you mean urgency?'],
  ['Urgency', 'did you mean urgency?'],
  ['batchWork', 'did you mean batch?'],
  ['x', 'known are urgency, batch, deadlineMs'],
  ['constructor', 'known are urgency, batch, deadlineMs'],
  ['', 'known are urgency, batch, deadlineMs'],
])('checkNames refuses %o and says: %s', (name, hint) => {
  const known = ['urgency', 'batch', 'deadlineMs'];
  checkNames('set', { urgency: 1, deadlineMs: undefined }, known);
  expect(() => checkNames('set', { urgency: 1, [name]: 1 }, known)).toThrow(
    expect.objectContaining({
      name: 'TypeError',
      code: 'ERR_SCHEDHINT_OPTION',
      message: `set: unknown name ${JSON.stringify(name)}; ${hint}`,
    }),
  );
});
