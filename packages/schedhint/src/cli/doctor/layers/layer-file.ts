// Reads the layers of scx_layered from its JSON, and says what scx_layered 1.1.4 refuses of them as far as hints depend on it: the
// shape, the rules, and which rules HintEquals can stand with. Settings of a layer's kind are left to scx_layered.

import { Fractional, parseAsWritten } from './json-as-written.js';

/** One HintEquals, and what must hold with it. */
interface HintRule {
  readonly hint: number;
  /** The names of the thresholds in the same block: while they are exceeded the layer takes no thread. */
  readonly gates: readonly string[];
}

/** One layer, as far as hints are concerned. */
export interface Layer {
  readonly name: string;
  readonly hints: readonly HintRule[];
  /** Whether rules without HintEquals lead to it too. */
  readonly others: boolean;
}

/** What is wrong, and what to write. */
export interface Fault {
  readonly found: string;
  readonly todo: string;
}

const HINT_MAX = 1024;
/** `MAX_LAYERS` and `MAX_LAYER_MATCH_ORS` of scx_layered. */
const MOST_LAYERS = 16;
const MOST_BLOCKS = 32;
const I32 = 2 ** 31;
const U32 = 2 ** 32;

const isNumber = (value: unknown) => typeof value === 'number';
const isU32 = (value: unknown) => isNumber(value) && isWithin(value as number, 0, U32 - 1);
const isU64 = (value: unknown) => isNumber(value) && isWithin(value as number, 0, 2 ** 64 - 1);
const isI32 = (value: unknown) => isNumber(value) && isWithin(value as number, -I32, I32 - 1);
const isText = (value: unknown) => typeof value === 'string';
const isBoolean = (value: unknown) => typeof value === 'boolean';
const isReal = (value: unknown) => Number.isFinite(realOf(value));
const isPair =
  (first: (value: unknown) => boolean, second: (value: unknown) => boolean) => (value: unknown) =>
    Array.isArray(value) && value.length === 2 && first(value[0]) && second(value[1]);

function isRange(value: unknown): boolean {
  return (
    isPair(isReal, isReal)(value) &&
    realOf((value as unknown[])[0]) < realOf((value as unknown[])[1])
  );
}

function isWithin(value: number, from: number, to: number): boolean {
  return value >= from && value <= to;
}

function realOf(value: unknown): number {
  return value instanceof Fractional
    ? value.value
    : isNumber(value)
      ? (value as number)
      : Number.NaN;
}

/** Each rule, what its value is, and what the message calls that. */
const RULES: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  ...Object.fromEntries(
    [
      ...['CgroupPrefix', 'CgroupSuffix', 'CgroupContains', 'CgroupRegex', 'CommPrefix'],
      ...['CommPrefixExclude', 'PcommPrefix', 'PcommPrefixExclude', 'CmdJoin'],
    ].map((name) => [name, [isText, 'a string']]),
  ),
  ...Object.fromEntries(
    ['NiceAbove', 'NiceBelow', 'NiceEquals'].map((name) => [name, [isI32, 'a whole number']]),
  ),
  ...Object.fromEntries(
    [
      ...['UIDEquals', 'GIDEquals', 'PIDEquals', 'PPIDEquals', 'TGIDEquals', 'NSEquals'],
      'NumaNode',
    ].map((name) => [name, [isU32, 'a whole number from 0 on']]),
  ),
  ...Object.fromEntries(
    ['IsGroupLeader', 'IsKthread', 'UsedGpuTid', 'UsedGpuPid'].map((name) => [
      name,
      [isBoolean, 'true or false'],
    ]),
  ),
  NSPIDEquals: [isPair(isU64, isU32), 'two whole numbers'],
  AvgRuntime: [isPair(isU64, isU64), 'two whole numbers'],
  HintEquals: [isU64, `a whole number from 0 to ${HINT_MAX}`],
  SystemCpuUtilBelow: [isReal, 'a number from 0 to 1'],
  DsqInsertBelow: [isReal, 'a number from 0 to 1'],
};

const GATES = ['SystemCpuUtilBelow', 'DsqInsertBelow'];
const KINDS = ['Confined', 'Grouped', 'Open'];

/** A rule of a block that is well formed. */
interface Rule {
  readonly name: string;
  readonly value: unknown;
}

/** @returns the layers, or what keeps scx_layered from taking them */
export function readLayers(
  text: string,
): { layers: readonly Layer[] } | { faults: readonly Fault[] } {
  let parsed: ReturnType<typeof parseAsWritten>;
  try {
    parsed = parseAsWritten(text);
  } catch (error) {
    return {
      faults: [
        {
          found: `no JSON: ${(error as Error).message}`,
          todo: 'write JSON, without comments and trailing commas',
        },
      ],
    };
  }
  const faults: Fault[] = [];
  const add = (found: string, todo: string) => void faults.push({ found, todo });
  for (const name of parsed.twice) {
    if (SPEC_NAMES.includes(name) || Object.hasOwn(RULES, name))
      add(
        `one object has ${JSON.stringify(name)} twice`,
        'keep one; each rule is an object of one name',
      );
  }
  for (const text of parsed.halves)
    add(`${JSON.stringify(text)} is not valid text`, 'write whole characters');
  const layers = layersOf(parsed.value, add);
  return faults.length === 0 ? { layers } : { faults };
}

type Add = (found: string, todo: string) => void;
type Fields = Readonly<Record<string, unknown>>;

const SPEC_NAMES = ['name', 'comment', 'template', 'matches', 'kind'];
const EXAMPLE = '{"name": "normal", "matches": [[]], "kind": {"Open": {}}}';

function isObject(value: unknown): value is Fields {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Fractional)
  );
}

function layersOf(value: unknown, add: Add): Layer[] {
  if (!Array.isArray(value) || value.length === 0) {
    add(
      'the file is no array of layers',
      `write [ ... ] with a layer for each number, and as the last ${EXAMPLE}`,
    );
    return [];
  }
  if (value.length > MOST_LAYERS) add(`${value.length} layers`, `scx_layered takes ${MOST_LAYERS}`);
  const owners = new Map<number, number>();
  return value.map((spec: unknown, i) => {
    const name = isObject(spec) && isText(spec.name) ? (spec.name as string) : undefined;
    const at = name === undefined ? `layer ${i}` : `layer ${JSON.stringify(name)}`;
    if (!isObject(spec)) {
      add(`${at} is no object`, `write it as ${EXAMPLE}`);
      return { name: String(i), hints: [], others: true };
    }
    checkFields(spec, at, add);
    const blocks = blocksOf(spec, at, i === value.length - 1, add);
    const hints = blocks.flatMap((block) => hintsIn(block, spec, at, add));
    const others = blocks.some((block) => block.every(({ name }) => name !== 'HintEquals'));
    for (const { hint } of hints) {
      const owner = owners.get(hint);
      if (owner !== undefined && owner !== i) {
        add(
          `${at}: HintEquals ${hint} is in layer ${JSON.stringify(nameAt(value, owner))} already`,
          'one number means one layer: remove it from one of the two',
        );
      }
      owners.set(hint, owner ?? i);
    }
    return { name: name ?? String(i), hints, others };
  });
}

const nameAt = (specs: readonly unknown[], i: number) => (specs[i] as { name?: unknown }).name;

function checkFields(spec: Fields, at: string, add: Add): void {
  if (!isText(spec.name)) add(`${at} has no name`, 'give it a name, a string');
  if (spec.comment !== undefined && spec.comment !== null && !isText(spec.comment))
    add(`${at}: comment is no string`, 'write a string');
  const kinds = isObject(spec.kind) ? Object.keys(spec.kind) : [];
  if (
    kinds.length !== 1 ||
    !KINDS.includes(kinds[0]!) ||
    !isObject((spec.kind as Fields)[kinds[0]!])
  ) {
    add(
      `${at} has no kind that scx_layered knows`,
      'write "kind": {"Open": {}}, or Grouped or Confined, with their settings',
    );
  }
  const settings = isObject(spec.kind) ? spec.kind[kinds[0]!] : undefined;
  if (
    ['Confined', 'Grouped'].includes(kinds[0]!) &&
    isObject(settings) &&
    !isRange(settings.util_range)
  ) {
    add(`${at}: ${kinds[0]} without a util_range that rises`, 'write "util_range": [0.5, 0.8]');
  }
  if (spec.template !== undefined && spec.template !== null)
    ruleOf(spec.template, `${at}: template`, add);
}

/** The blocks of a layer: a thread matches the layer if it matches all rules of one of them. */
function blocksOf(spec: Fields, at: string, isLast: boolean, add: Add): Rule[][] {
  const { matches } = spec;
  if (!Array.isArray(matches) || !matches.every((block) => Array.isArray(block))) {
    add(`${at} has no matches`, 'write "matches": [[...]], an array of arrays of rules');
    return [];
  }
  if (isLast && (matches.length !== 1 || matches[0]!.length > 0)) {
    add(`${at} is the last and does not take every thread`, `put ${EXAMPLE} behind it`);
  }
  if (!isLast && matches.length === 0)
    add(`${at} matches nothing`, 'write a rule: "matches": [[{"HintEquals": 900}]]');
  if (matches.length > MOST_BLOCKS)
    add(`${at} has ${matches.length} blocks of rules`, `scx_layered takes ${MOST_BLOCKS}`);
  return matches.map((block: readonly unknown[], or) =>
    block.flatMap((rule, and) => ruleOf(rule, `${at}: matches[${or}][${and}]`, add)),
  );
}

function ruleOf(value: unknown, at: string, add: Add): Rule[] {
  const names = isObject(value) ? Object.keys(value) : [];
  if (names.length !== 1) {
    add(`${at} is no object of one name`, 'write each rule as one object: {"HintEquals": 900}');
    return [];
  }
  const name = names[0]!;
  if (!Object.hasOwn(RULES, name)) {
    add(
      `${at}: scx_layered knows no rule ${JSON.stringify(name)}`,
      `the rules of hints are HintEquals, ${GATES.join(', ')}`,
    );
    return [];
  }
  const [isRight, expected] = RULES[name]!;
  const ruleValue = (value as Fields)[name];
  if (!isRight(ruleValue)) {
    add(`${at}: ${name} is ${shown(ruleValue)}`, `write ${expected}`);
    return [];
  }
  return [{ name, value: ruleValue }];
}

/** The hints of one block, if it is one that scx_layered takes. */
function hintsIn(block: readonly Rule[], spec: Fields, at: string, add: Add): HintRule[] {
  const hints = block
    .filter(({ name }) => name === 'HintEquals')
    .map(({ value }) => value as number);
  const gates = block.filter(({ name }) => GATES.includes(name));
  for (const hint of hints) {
    if (hint > HINT_MAX) add(`${at}: HintEquals ${hint}`, `a number is at most ${HINT_MAX}`);
  }
  for (const { name, value } of gates) {
    if (!isWithin(realOf(value), 0, 1))
      add(`${at}: ${name} ${realOf(value)}`, 'write a number from 0 to 1: 0.9 is 90 %');
  }
  if (hints.length > 1)
    add(
      `${at}: ${hints.length} HintEquals in one block`,
      'put each into a block: [[{"HintEquals": 1}], [{"HintEquals": 2}]]',
    );
  if (gates.length > 0 && hints.length === 0)
    add(`${at}: ${gates[0]?.name} without HintEquals`, 'put both into one block');
  for (const gate of GATES) {
    if (gates.filter(({ name }) => name === gate).length > 1)
      add(`${at}: ${gate} twice in one block`, 'keep one');
  }
  if (hints.length > 0 && block.length > hints.length + gates.length) {
    add(
      `${at}: HintEquals with other rules`,
      `only ${GATES.join(' and ')} may stand with it: put the others into another block, or into another layer`,
    );
  }
  if (hints.length > 0 && spec.template) {
    add(
      `${at}: HintEquals in a template`,
      'scx_layered adds the cgroup to each block, where HintEquals must be alone: write a layer without a template',
    );
  }
  return hints.map((hint) => ({ hint, gates: gates.map(({ name }) => name) }));
}

function shown(value: unknown): string {
  return value instanceof Fractional
    ? `${value.value}, written as a fraction`
    : JSON.stringify(value);
}
