import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeLayers } from './judge-layers.js';
import { DOCUMENTED, type Mapping } from './mapping.js';

interface Spec {
  readonly name: string;
  readonly matches: readonly (readonly object[])[];
}
const layer = (name: string, ...hints: number[]): Spec => ({
  name,
  matches: hints.map((HintEquals) => [{ HintEquals }]),
});
const closable = (name: string, HintEquals: number): Spec => ({
  name,
  matches: [[{ HintEquals }, { SystemCpuUtilBelow: 0.5 }]],
});

const textOf = (specs: readonly Spec[]) =>
  JSON.stringify(
    [...specs, { name: 'rest', matches: [[]] }].map((spec) => ({ ...spec, kind: { Open: {} } })),
  );
const judge = (specs: readonly Spec[], mapping: Partial<Mapping> = {}) =>
  judgeLayers(textOf(specs), { ...DOCUMENTED, ...mapping });
const GOOD = [layer('fast', 900), layer('home', 1)];

test('all is well', () => {
  expect(judge(GOOD)).toEqual([
    {
      name: 'layers',
      state: 'pass',
      found:
        '900 (a collection, an urgency) -> "fast"; 1 (no hint) -> "home": a layer names each, and each is left',
    },
  ]);
});

test('a number that no layer names', () => {
  expect(judge(GOOD, { urgencies: [700, 900] })).toEqual([
    {
      name: 'layers',
      state: 'fail',
      found: expect.stringMatching(
        /^no layer names 700 \(written for an urgency\): .* busy one stays/,
      ),
      todo: 'put this before the last layer: {"name": "hinted-700", "matches": [[{"HintEquals": 700}]], "kind": {"Open": {}}}',
    },
  ]);
});

test('many of them: what to map', () => {
  const urgencies = Array.from({ length: 1024 }, (_, i) => i + 1);
  expect(judge(GOOD, { urgencies })).toMatchObject([
    {
      state: 'fail',
      found: expect.stringMatching(/^no layer names 2-899, 901-1024 /),
      todo: expect.stringMatching(/^map them to .* \(1, 900\)/),
    },
  ]);
});

test.each<[string, Spec[], Partial<Mapping>, RegExp, RegExp]>([
  [
    'the number without a hint is not named',
    [layer('fast', 900)],
    {},
    /^no layer names 1 \(written for no hint\)/,
    /"hinted-normal".*"HintEquals": 1\}/,
  ],
  [
    'it is in the layer of the hint',
    [layer('fast', 900, 1)],
    {},
    /"fast" has 900, for a hint, and 1, for no hint: .* stays there/,
    /"HintEquals": 1\}/,
  ],
  [
    'it is deleted',
    [layer('fast', 900)],
    { normal: null },
    /deleted stays in "fast"/,
    /write a number/,
  ],
  [
    'its layer may be closed',
    [layer('fast', 900), closable('home', 1)],
    {},
    /^"home" takes no thread while SystemCpuUtilBelow .* stays in "fast"$/,
    /remove SystemCpuUtilBelow/,
  ],
])('a layer that is not left: %s', (_, specs, mapping, found, todo) => {
  expect(judge(specs, mapping).filter(({ state }) => state === 'fail')).toEqual([
    {
      name: 'layers',
      state: 'fail',
      found: expect.stringMatching(found),
      todo: expect.stringMatching(todo),
    },
  ]);
});

test('what may be meant is a warning', () => {
  expect(judge([closable('fast', 900), layer('home', 1), layer('idle', 5, 6)])).toMatchObject([
    { state: 'pass' },
    { state: 'warn', found: expect.stringMatching(/^"fast" takes no thread while/) },
    { state: 'warn', found: 'nothing writes 5-6, the only way into "idle"' },
  ]);
});

test('a layer with another way into it may have numbers that are not written', () => {
  const named = { name: 'node', matches: [[{ HintEquals: 5 }], [{ CommPrefix: 'node' }]] };
  expect(judge([...GOOD, named])).toHaveLength(1);
});

test('where no hint is given nothing is stuck', () => {
  expect(judge([], { gc: null, urgencies: [], normal: null })).toMatchObject([{ state: 'pass' }]);
});

test('what scx_layered refuses is all that is said', () => {
  expect(judge([layer('fast', 2000)])).toEqual([
    {
      name: 'layers',
      state: 'fail',
      found: 'scx_layered refuses it: layer "fast": HintEquals 2000',
      todo: expect.stringMatching(/./),
    },
  ]);
});

// A model of scx_layered 1.1.4 for a thread that never sleeps: a number moves it if a layer names it, and nothing else does.
test('passes exactly if a busy thread gets to the layer of each number, and from each hint to another layer', () => {
  const number = fc.integer({ min: 0, max: 6 });
  const mappings = fc.record({
    gc: fc.option(number),
    normal: fc.option(number),
    urgencies: fc.uniqueArray(number, { maxLength: 3 }),
  });
  const owners = fc.array(fc.option(fc.nat(3)), { minLength: 7, maxLength: 7 });
  fc.assert(
    fc.property(owners, mappings, (layerOf, mapping) => {
      const specs = [0, 1, 2, 3].flatMap((i) => {
        const hints = layerOf.flatMap((owner, hint) => (owner === i ? [hint] : []));
        return hints.length > 0 ? [layer(`l${i}`, ...hints)] : [];
      });
      const hints = [...(mapping.gc === null ? [] : [mapping.gc]), ...mapping.urgencies].filter(
        (hint) => hint !== mapping.normal,
      );
      const written = [...hints, ...(mapping.normal === null ? [] : [mapping.normal])];
      const move = (at: number | null, hint: number | null) =>
        hint === null ? at : (layerOf[hint] ?? at);
      const reached = written.every((hint) => layerOf[hint] !== null);
      const left = hints.every(
        (hint) => layerOf[hint] === null || move(layerOf[hint]!, mapping.normal) !== layerOf[hint],
      );
      expect(judge(specs, mapping)[0]!.state === 'pass').toBe(reached && left);
    }),
    { numRuns: 2000 },
  );
});
