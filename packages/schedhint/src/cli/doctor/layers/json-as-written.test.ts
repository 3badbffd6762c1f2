import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fractional, parseAsWritten } from './json-as-written.js';

const value = (text: string) => parseAsWritten(text).value;

test.each(['1.0', '1e2', '1E+2', '-0', '-0.5', '0.0', '1e-7'])(
  '%s is not an integer as written',
  (text) => {
    expect(value(text)).toEqual(new Fractional(Number(text)));
    expect(value(`{"a": [${text}]}`)).toEqual({ a: [new Fractional(Number(text))] });
  },
);

test.each(['0', '1', '-1', '1024', '9007199254740993'])('%s is one', (text) => {
  expect(value(text)).toBe(Number(text));
});

test('names given twice, in one object only', () => {
  expect(parseAsWritten('{"a":1,"b":{"a":2},"a":[{"a":3}]}').twice).toEqual(['a']);
  expect(parseAsWritten('{"a":1,"\\u0061":2}').twice).toEqual(['a']);
  expect(parseAsWritten('[{"a":1},{"a":1}]').twice).toEqual([]);
  expect(parseAsWritten('{"a":"a","b":"a"}').twice).toEqual([]);
});

test('half of a surrogate pair', () => {
  expect(parseAsWritten('["\\ud800", "\\ud83d\\ude00"]').halves).toEqual(['\ud800']);
});

test('what looks like a number or a mark inside of a string stays', () => {
  expect(value('["1.5", "a \\" 2.5", "fractional", "{\\"fractional\\":1.5}"]')).toEqual([
    '1.5',
    'a " 2.5',
    'fractional',
    '{"fractional":1.5}',
  ]);
  expect(value('{"fractional": 1.5}')).toEqual({ fractional: new Fractional(1.5) });
});

/** With fractions as the numbers that they are. */
const plain = (part: unknown): unknown => {
  if (part instanceof Fractional) return part.value;
  if (Array.isArray(part)) return part.map(plain);
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, plain(one)]));
};

test('any JSON: the value that JSON.parse() gives, and nothing twice', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const { value: parsed, twice } = parseAsWritten(text);
      expect(plain(parsed)).toEqual(plain(JSON.parse(text)));
      expect(twice).toEqual([]);
    }),
  );
});

test('any text: a SyntaxError where JSON.parse() throws one, else a value', () => {
  const near = fc.tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom(',', '}', '"', '1', ' ', '\\', '-', 'e'),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        near.map(
          ([text, at, mark]) =>
            text.slice(0, at % (text.length + 1)) + mark + text.slice(at % (text.length + 1)),
        ),
      ),
      (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        if (isJson) expect(() => parseAsWritten(text)).not.toThrow();
        else expect(() => parseAsWritten(text)).toThrow(SyntaxError);
      },
    ),
    { numRuns: 1000 },
  );
});
