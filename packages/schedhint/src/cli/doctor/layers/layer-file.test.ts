import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLayers } from './layer-file.js';

const REST = { name: 'normal', matches: [[]], kind: { Open: {} } };
const layer = (matches: unknown, rest: object = {}) => ({
  name: 'a',
  matches,
  kind: { Open: {} },
  ...rest,
});
const hint = (value: unknown) => ({ HintEquals: value });

/** What is wrong, of layers before the last one. */
function faultsOf(...layers: unknown[]): string[] {
  const read = readLayers(JSON.stringify([...layers, REST]));
  return 'faults' in read ? read.faults.map(({ found }) => found) : [];
}

test('the hints of a layer, and their thresholds', () => {
  const matches = [[hint(900)], [{ SystemCpuUtilBelow: 0.5 }, hint(7)], [{ CommPrefix: 'node' }]];
  expect(readLayers(JSON.stringify([layer(matches), REST]))).toEqual({
    layers: [
      {
        name: 'a',
        hints: [
          { hint: 900, gates: [] },
          { hint: 7, gates: ['SystemCpuUtilBelow'] },
        ],
        others: true,
      },
      { name: 'normal', hints: [], others: true },
    ],
  });
});

// Each of these the real one refuses, and no other: npm run matrix -- peers, row doctor.
test.each([
  ['a number above 1024', [layer([[hint(1025)]])], /HintEquals 1025/],
  ['a negative number', [layer([[hint(-1)]])], /HintEquals is -1/],
  ['a string', [layer([[hint('900')]])], /HintEquals is "900"/],
  ['two in one block', [layer([[hint(1), hint(2)]])], /2 HintEquals in one block/],
  [
    'with another rule',
    [layer([[hint(1), { CommPrefix: 'node' }]])],
    /HintEquals with other rules/,
  ],
  [
    'in two layers',
    [layer([[hint(1)]]), { ...layer([[hint(1)]]), name: 'b' }],
    /"b": HintEquals 1 is in layer "a" already/,
  ],
  ['a threshold alone', [layer([[{ DsqInsertBelow: 0.1 }]])], /DsqInsertBelow without HintEquals/],
  [
    'a threshold above 1',
    [layer([[hint(1), { SystemCpuUtilBelow: 90 }]])],
    /SystemCpuUtilBelow 90/,
  ],
  [
    'a threshold twice',
    [layer([[hint(1), { DsqInsertBelow: 0.1 }, { DsqInsertBelow: 0.2 }]])],
    /DsqInsertBelow twice/,
  ],
  ['an unknown rule', [layer([[{ HintAbove: 1 }]])], /no rule "HintAbove"/],
  [
    'two rules in one object',
    [layer([[{ HintEquals: 1, CommPrefix: 'a' }]])],
    /no object of one name/,
  ],
  ['no rule', [layer([])], /matches nothing/],
  ['no matches', [{ name: 'a', kind: { Open: {} } }], /has no matches/],
  ['no name', [{ matches: [[hint(1)]], kind: { Open: {} } }], /layer 0 has no name/],
  ['no kind', [{ name: 'a', matches: [[hint(1)]] }], /no kind/],
  ['an unknown kind', [layer([[hint(1)]], { kind: { Opened: {} } })], /no kind/],
  [
    'Grouped without its range',
    [layer([[hint(1)]], { kind: { Grouped: {} } })],
    /Grouped without a util_range/,
  ],
  ['no object', [null], /layer 0 is no object/],
  ['a rule of another shape', [layer([['HintEquals']])], /no object of one name/],
  [
    'a template with HintEquals',
    [layer([[hint(1)]], { template: { CgroupSuffix: 'x' } })],
    /HintEquals in a template/,
  ],
  [
    'too many layers',
    Array.from({ length: 16 }, (_, i) => ({ ...layer([[hint(i)]]), name: `${i}` })),
    /17 layers/,
  ],
])('refused: %s', (_, layers, found) => {
  expect(faultsOf(...layers)).toEqual([expect.stringMatching(found)]);
});

test.each([
  ['a fraction', '[[{"HintEquals": 900.0}]]', /HintEquals is 900, written as a fraction/],
  ['one name twice', '[[{"HintEquals": 1, "HintEquals": 2}]]', /"HintEquals" twice/],
])('refused: %s', (_, matches, found) => {
  const text = `[{"name":"a","matches":${matches},"kind":{"Open":{}}},${JSON.stringify(REST)}]`;
  expect(readLayers(text)).toEqual({
    faults: [{ found: expect.stringMatching(found), todo: expect.stringMatching(/./) }],
  });
});

test.each(['', '{}', '[]', 'null', '[', '// layers\n[]'])('refused: %j', (text) => {
  expect(readLayers(text)).toMatchObject({
    faults: [{ found: expect.stringMatching(/no JSON|no array/) }],
  });
});

test('the last layer has to take every thread', () => {
  const read = readLayers(JSON.stringify([layer([[hint(1)]])]));
  expect(read).toMatchObject({
    faults: [{ found: expect.stringMatching(/does not take every thread/) }],
  });
});

test('any JSON: layers or faults, each with what to write', () => {
  const key = fc.constantFrom('name', 'matches', 'kind', 'template', 'HintEquals', 'Open', 'x');
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom<unknown>(null, true, 0, 1, 900, 1025, 0.5, -1, 'a'),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      const read = readLayers(JSON.stringify(value));
      if ('layers' in read) return expect(read.layers.length).toBeGreaterThan(0);
      expect(read.faults.length).toBeGreaterThan(0);
      for (const { found, todo } of read.faults) expect(`${found}${todo}`).toMatch(/^.+$/);
    }),
    { numRuns: 2000 },
  );
});
