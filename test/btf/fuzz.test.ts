// Hostile BTF and ELF: mutated real blobs give a right answer or a typed error. One that hangs the
// reader hangs the test, until vitest ends it.

import type { StructLayout } from '@schedhint/core';
import {
  type Btf,
  btfOfBytes,
  CLayouts,
  differences,
  elfSection,
  mapsOf,
  mapValueOf,
  pointeeAt,
} from '@schedhint/core/btf';
import { afterAll, describe, expect, test } from 'vitest';
import { Mutator } from './mutator.js';
import { seeds } from './seeds.js';

/** How long: a few seconds, a minute in CI, or what FUZZ_SECONDS says. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? (process.env.CI ? 60 : 4));
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const CODES = [
  'ERR_SCHEDHINT_BTF',
  'ERR_SCHEDHINT_BTF_NOT_FOUND',
  'ERR_SCHEDHINT_BTF_UNSUPPORTED',
  'ERR_SCHEDHINT_ELF',
];
const MOST_BYTES = 256 << 20;

/** A typed error, or it is thrown on. Where a file is malformed, the error says where. */
function isTyped(error: unknown): boolean {
  const { code, offset } = error as { code?: string; offset?: number };
  const isKnown = code !== undefined && CODES.includes(code);
  const isMalformed = code === 'ERR_SCHEDHINT_BTF' || code === 'ERR_SCHEDHINT_ELF';
  return isKnown && (!isMalformed || Number.isInteger(offset));
}

/** Runs what may throw a typed error. @returns its result, or the code */
function typed<R>(run: () => R): R | string {
  try {
    return run();
  } catch (error) {
    if (!isTyped(error)) throw error;
    return (error as { code: string }).code;
  }
}

/** What an application has compiled in, against which a hostile map's types are held. */
const compiled = () => {
  const btf = btfOfBytes(seeds().find(({ name }) => name === 'bpf-little.btf')!.bytes);
  return new CLayouts(btf).structOf(btf.named('user_data')[0]!, 'user_data');
};

/** All that can be asked of a BTF. */
function read(bytes: Uint8Array, ours: StructLayout, outcomes: Map<string, number>): void {
  const count = (outcome: unknown) => {
    const name = typeof outcome === 'string' ? outcome : 'read';
    outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
  };
  const btf = typed(() => btfOfBytes(bytes));
  count(btf);
  if (typeof btf === 'string') return;
  for (let id = 0; id <= btf.typeCount; id++) count(typed(() => check(btf, id)));
  const layouts = new CLayouts(btf);
  for (let id = 1; id < btf.typeCount; id++) count(typed(() => layouts.structOf(id, `t${id}`)));
  for (let id = 1; id < btf.typeCount; id++) {
    count(typed(() => differences(btf, id, ours, 'data').length));
    for (const offset of [0, 8, 16]) count(typed(() => pointeeAt(btf, id, offset)));
  }
  const maps = typed(() => mapsOf(btf));
  if (typeof maps === 'string') return;
  for (const [name, type] of maps) count(typed(() => mapValueOf(btf, layouts, type, name)));
}

/** What is decoded refers only to what is there. */
function check(btf: Btf, id: number): void {
  const type = btf.type(id);
  btf.resolve(id);
  if (type.kind === 'struct' || type.kind === 'union') {
    for (const member of type.members) expect(member.type).toBeLessThan(btf.typeCount);
  }
}

describe(`for ${SECONDS} s, FUZZ_SEED=${SEED}`, () => {
  const outcomes = new Map<string, number>();
  afterAll(() => console.log(`fuzz: ${JSON.stringify(Object.fromEntries(outcomes))}`));

  test('mutated blobs are read, or refused with a typed error', () => {
    const corpus = seeds();
    const ours = compiled();
    const mutator = new Mutator(SEED);
    const end = performance.now() + SECONDS * 1000;
    let inputs = 0;
    while (performance.now() < end) {
      const { name, bytes } = corpus[inputs % corpus.length]!;
      const mutated = mutator.mutate(bytes, corpus[mutator.below(corpus.length)]!.bytes);
      try {
        read(mutated, ours, outcomes);
      } catch (error) {
        const hex = Buffer.from(mutated).toString('hex');
        throw new Error(`${name}, input ${inputs}: ${(error as Error).stack}\n${hex}`);
      }
      if (inputs++ % 256 === 0) expect(process.memoryUsage().external).toBeLessThan(MOST_BYTES);
    }
    console.log(`fuzz: ${inputs} inputs`);
    expect(outcomes.get('read')).toBeGreaterThan(0);
    expect(outcomes.get('ERR_SCHEDHINT_BTF')).toBeGreaterThan(0);
    expect(outcomes.get('ERR_SCHEDHINT_ELF')).toBeGreaterThan(0);
  });
});

test.each(seeds())('$name is read whole as it is', ({ name, bytes }) => {
  const btf = btfOfBytes(bytes);
  expect(btf.littleEndian).toBe(name.includes('little'));
  const layouts = new CLayouts(btf);
  const { shape, size } = mapValueOf(btf, layouts, mapsOf(btf).get('datamap')!, 'datamap');
  expect(size).toBe(24);
  expect(Object.keys(shape)).toEqual(['udata', 'plain', 'nested']);
  const userData = layouts.structOf(btf.named('user_data')[0]!, 'user_data');
  expect(userData.fields.map((field) => field.name)).toContain('high');
  if (name.endsWith('.o')) expect(elfSection(bytes, '.no')).toBeUndefined();
});

test('every prefix of a blob is refused with a typed error', () => {
  for (const { bytes } of seeds()) {
    for (let length = 0; length < bytes.length; length += 7) {
      expect(typed(() => btfOfBytes(bytes.subarray(0, length)))).toMatch(/^ERR_|object/);
    }
  }
});
