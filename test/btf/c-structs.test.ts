// Our layouts against what clang says in BTF, and against what a C program does with the bytes.

import type { StructLayout } from '@schedhint/core';
import { btfOfBytes, CLayouts } from '@schedhint/core/btf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createView } from '../../packages/core/src/view/struct-view.js';
import { bpfObject, CSource, cStruct, runC } from './c-structs.js';
import { isBool, type Leaf, leavesOf, placeIn } from './leaves.js';

const STRUCTS = 60;

interface Case {
  readonly name: string;
  readonly layout: StructLayout;
  readonly leaves: readonly Leaf[];
  readonly bytes: Uint8Array;
  /** by leaf: what is assigned */
  readonly values: readonly unknown[];
}

function assignable(leaf: Leaf): fc.Arbitrary<unknown> {
  const { type, width = type.size * 8 } = leaf;
  switch (type.name) {
    case 'bool':
      return fc.boolean();
    case 'f32':
      return fc.float({ noNaN: true });
    case 'f64':
      return fc.double({ noNaN: true });
    default: {
      const signed = type.name.startsWith('i');
      const low = signed ? -(2n ** BigInt(width - 1)) : 0n;
      const high = 2n ** BigInt(signed ? width - 1 : width) - 1n;
      return fc.bigInt({ min: low, max: high }).map((v) => (type.size === 8 ? v : Number(v)));
    }
  }
}

/** A C expression for a value. */
function literal({ type }: Leaf, value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (type.name === 'f32' || type.name === 'f64') {
    const bits = new BigUint64Array(Float64Array.of(value as number).buffer)[0]!;
    return `from_bits(${bits}ULL)`;
  }
  return type.name.startsWith('i')
    ? `(long long)${BigInt.asUintN(64, BigInt(value as number))}ULL`
    : `${value}ULL`;
}

function program(source: string, cases: readonly Case[]): string {
  const blocks = cases.map(({ name, layout, leaves, bytes, values }) => {
    const offsets = layout.fields
      .filter((field) => field.bit === undefined)
      .map((field) => `printf(" %zu", __builtin_offsetof(struct ${name}, ${field.name}));`);
    const reads = leaves.map((leaf) => {
      const place = `s${leaf.path}`;
      if (leaf.type.name.startsWith('f')) return `printf(" %llu", to_bits(${place}));`;
      // A bool that is neither 0 nor 1 is not C's; only whether it is 0 counts.
      if (isBool(leaf.type) && leaf.width === undefined) {
        return `printf(" %d", *(unsigned char*)&${place} != 0);`;
      }
      const isSigned = leaf.type.name.startsWith('i');
      return isSigned
        ? `printf(" %lld", (long long)${place});`
        : `printf(" %llu", (unsigned long long)${place});`;
    });
    const writes = leaves.map(
      (leaf, i) => `*(volatile int*)&barrier = 0; s${leaf.path} = ${literal(leaf, values[i])};`,
    );
    return `static void test_${name}(void) {
  static const unsigned char in[] = { ${[...bytes].join(', ')} };
  struct ${name} s;
  memcpy(&s, in, sizeof(in));
  printf("%zu |", sizeof(struct ${name}));
  ${offsets.join(' ')}
  printf(" |");
  ${reads.join('\n  ')}
  printf(" |");
  ${writes.join('\n  ')}
  for (unsigned i = 0; i < sizeof(s); i++) printf(" %u", ((unsigned char*)&s)[i]);
  puts("");
}`;
  });
  return `#define const
#include <stdio.h>
#include <string.h>
static int barrier;
static unsigned long long to_bits(double d) { unsigned long long b; memcpy(&b, &d, 8); return b; }
static double from_bits(unsigned long long b) { double d; memcpy(&d, &b, 8); return d; }
${source}
${blocks.join('\n')}
int main(void) {
${cases.map(({ name }) => `  test_${name}();`).join('\n')}
  return 0;
}
`;
}

/** A number as the program prints it. */
function printed({ type }: Leaf, value: unknown): string {
  if (type.name !== 'f32' && type.name !== 'f64')
    return String(Number(value) === value ? value : BigInt(value as bigint));
  return Number.isNaN(value)
    ? 'NaN'
    : String(new BigUint64Array(Float64Array.of(value as number).buffer)[0]);
}

function normalNaN({ type }: Leaf, text: string): string {
  if (type.name !== 'f32' && type.name !== 'f64') return text;
  const value = new Float64Array(BigUint64Array.of(BigInt(text)).buffer)[0]!;
  return Number.isNaN(value) ? 'NaN' : text;
}

test('random structs: offsets, sizes and values as clang and a C program have them', () => {
  fc.assert(
    fc.property(
      fc.array(cStruct, { minLength: STRUCTS, maxLength: STRUCTS }),
      fc.infiniteStream(fc.nat(255)),
      fc.integer(),
      (structs, random, seed) => {
        const source = new CSource();
        const names = structs.map((struct) => source.struct(struct));
        const globals = names.map((name) => `struct ${name} g_${name};\n`).join('');
        const btf = btfOfBytes(bpfObject(source.text + globals));
        const layouts = new CLayouts(btf);
        const cases = names.map((name): Case => {
          const id = btf.named(name).find((i) => btf.type(i).kind === 'struct')!;
          const layout = layouts.structOf(id, name);
          const leaves = leavesOf(layout);
          const bytes = Uint8Array.from({ length: layout.size }, () => random.next().value);
          const values = leaves.map(
            (leaf, i) => fc.sample(assignable(leaf), { numRuns: 1, seed: seed + i })[0],
          );
          return { name, layout, leaves, bytes, values };
        });
        const lines = runC(program(source.text, cases)).trimEnd().split('\n');
        for (const [i, { layout, leaves, bytes, values, name }] of cases.entries()) {
          const [size, offsets, reads, after] = lines[i]!.split(' |').map((part) => part.trim());
          const told = `struct ${name} in ${source.text}`;
          expect(layout.size, told).toBe(Number(size));
          const ours = layout.fields.filter(({ bit }) => bit === undefined);
          expect(ours.map(({ offset }) => offset).join(' '), told).toBe(offsets);
          const buffer = new ArrayBuffer(layout.size);
          const memory = new Uint8Array(buffer);
          memory.set(bytes);
          const view = createView(layout, buffer, 0);
          const theirs = reads!.split(' ');
          for (const [k, leaf] of leaves.entries()) {
            const read = printed(leaf, placeIn(view, leaf.path).get());
            expect(`${leaf.path} ${read}`, told).toBe(
              `${leaf.path} ${normalNaN(leaf, theirs[k]!)}`,
            );
          }
          for (const [k, leaf] of leaves.entries()) placeIn(view, leaf.path).set(values[k]);
          expect([...memory].join(' '), told).toBe(after);
        }
      },
    ),
    { numRuns: 3, endOnFailure: true },
  );
});
