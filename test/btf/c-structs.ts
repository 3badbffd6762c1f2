// Random C structs, and what a compiler makes of them.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';

/** A type of C, as source. */
export type CType =
  | { readonly kind: 'scalar'; readonly c: string; readonly bits: number }
  | { readonly kind: 'enum'; readonly constants: readonly bigint[]; readonly attribute: string }
  | { readonly kind: 'array'; readonly element: CType; readonly length: number }
  | CStruct;

export interface CStruct {
  readonly kind: 'struct' | 'union';
  readonly members: readonly CMember[];
}

export interface CMember {
  readonly type: CType;
  /** bits of a bit-field, of a scalar or an enumeration */
  readonly width?: number;
  readonly aligned?: number;
  /** an unnamed bit-field before it, of `unsigned int` */
  readonly gap?: number;
  /** a struct without a tag and a name */
  readonly isAnonymous?: boolean;
  /** through a typedef, and const or volatile */
  readonly qualifier?: '' | 'const ' | 'volatile ';
}

const SCALARS: CType[] = [
  ['char', 8],
  ['signed char', 8],
  ['unsigned char', 8],
  ['short', 16],
  ['unsigned short', 16],
  ['int', 32],
  ['unsigned int', 32],
  ['long', 64],
  ['unsigned long', 64],
  ['long long', 64],
  ['unsigned long long', 64],
  ['_Bool', 1],
].map(([c, bits]) => ({ kind: 'scalar', c: c as string, bits: bits as number }));
const FLOATS: CType[] = ['float', 'double'].map((c) => ({ kind: 'scalar', c, bits: 0 }));

const enumeration = fc
  .tuple(
    fc.uniqueArray(
      fc.oneof(
        fc.bigInt({ min: 0n, max: 200n }),
        fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n }),
        fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      ),
      { minLength: 1, maxLength: 4 },
    ),
    fc.constantFrom('', '', ' __attribute__((packed))'),
  )
  .filter(([values]) => Math.min(...values.map(Number)) >= 0 || values.every((v) => v < 2n ** 63n))
  .map(([constants, attribute]): CType => ({ kind: 'enum', constants, attribute }));

/** One time in `n`. */
function sometimes<T>(n: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: n - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

/** A random struct; bit-fields, unions, arrays, anonymous members and attributes included. */
export const cStruct: fc.Arbitrary<CStruct> = fc
  .letrec<{
    type: CType;
    member: CMember;
    inner: CStruct;
  }>((tie) => ({
    type: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      { weight: 7, arbitrary: fc.constantFrom(...SCALARS, ...FLOATS) },
      { weight: 2, arbitrary: enumeration },
      {
        weight: 2,
        arbitrary: fc
          .tuple(tie('type'), fc.integer({ min: 1, max: 4 }))
          .map(([element, length]): CType => ({ kind: 'array', element, length })),
      },
      { weight: 2, arbitrary: tie('inner') },
    ),
    member: fc
      .record({
        type: tie('type'),
        width: sometimes(2, fc.integer({ min: 1, max: 64 })),
        aligned: sometimes(6, fc.constantFrom(2, 4, 8, 16, 64)),
        gap: sometimes(6, fc.integer({ min: 1, max: 31 })),
        isAnonymous: fc.boolean(),
        qualifier: fc.constantFrom('', '', 'volatile ', 'const ') as fc.Arbitrary<'' | 'const '>,
      })
      .map(({ type, width, aligned, gap, isAnonymous, qualifier }): CMember => {
        const most = type.kind === 'scalar' ? type.bits : type.kind === 'enum' ? 64 : 0;
        const isBits = width !== undefined && most > 0;
        return {
          type,
          ...(isBits ? { width: Math.min(width, most) } : {}),
          ...(aligned !== undefined && !isBits ? { aligned } : {}),
          ...(gap === undefined ? {} : { gap }),
          isAnonymous: isAnonymous && (type.kind === 'struct' || type.kind === 'union'),
          qualifier,
        };
      }),
    inner: fc
      .tuple(
        fc.constantFrom('struct', 'struct', 'union'),
        fc.array(tie('member'), { minLength: 1, maxLength: 5 }),
      )
      .map(([kind, members]): CStruct => ({ kind: kind as 'struct' | 'union', members })),
  }))
  .inner.map((inner) => ({ ...inner, kind: 'struct' as const }));

/** The source of structs `struct s0`, `struct s1`, … with all that they need. */
export class CSource {
  text = '';
  #next = 0;

  struct(type: CStruct): string {
    const name = `s${this.#next++}`;
    const body = this.#body(type);
    this.text += `struct ${name} ${body};\n`;
    return name;
  }

  #body({ members }: CStruct): string {
    const fields = members.map((member, i) => this.#member(member, i));
    return `{ ${fields.join(' ')} }`;
  }

  #member({ type, width, aligned, gap, isAnonymous, qualifier = '' }: CMember, i: number): string {
    const before = gap === undefined ? '' : `unsigned int : ${gap}; `;
    const attribute = aligned === undefined ? '' : ` __attribute__((aligned(${aligned})))`;
    if (isAnonymous) {
      const { kind } = type as CStruct;
      return `${before}${kind} ${this.#body(type as CStruct)};`;
    }
    const name = `f${this.#next++}_${i}`;
    const bits = width === undefined ? '' : ` : ${this.#widthOf(type, width)}`;
    let element = type;
    let dimensions = '';
    while (element.kind === 'array') {
      dimensions += `[${element.length}]`;
      element = element.element;
    }
    return `${before}${qualifier}${this.#name(element)} ${name}${dimensions}${bits}${attribute};`;
  }

  /** clang refuses a width beyond the type's: an enumeration's depends on its constants. */
  #widthOf(type: CType, width: number): number {
    if (type.kind !== 'enum') return width;
    return Math.min(width, bitsOfEnum(type));
  }

  #name(type: Exclude<CType, { kind: 'array' }>): string {
    if (type.kind === 'scalar') return type.c;
    const tag = `t${this.#next++}`;
    if (type.kind === 'enum') {
      const constants = type.constants.map((value, i) => `${tag}_${i} = ${literal(value)}`);
      this.text += `enum ${tag} { ${constants.join(', ')} }${type.attribute};\n`;
      return `enum ${tag}`;
    }
    const body = this.#body(type); // writes what it needs before it
    this.text += `typedef ${type.kind} ${tag} ${body} ${tag}_t;\n`;
    return this.#next % 2 ? `${tag}_t` : `${type.kind} ${tag}`;
  }
}

function bitsOfEnum({ constants, attribute }: CType & { kind: 'enum' }): number {
  const signed = constants.some((value) => value < 0n);
  const fits = (bits: number) =>
    constants.every((v) => (signed ? BigInt.asIntN(bits, v) : BigInt.asUintN(bits, v)) === v);
  return [8, 16, 32, 64].find((bits) => fits(bits) && (attribute !== '' || bits >= 32))!;
}

function literal(value: bigint): string {
  if (value === -(2n ** 63n)) return '(-9223372036854775807LL - 1)';
  return value < 0n ? `${value}LL` : value < 2n ** 31n ? `${value}` : `${value}ULL`;
}

/** Where <asm/types.h> is on Debian, which clang does not know for another target. */
const HEADERS = [
  '-isystem',
  `/usr/include/${execFileSync('cc', ['-print-multiarch'], { encoding: 'utf8' }).trim()}`,
];

/** Compiles and runs in a folder that is removed afterwards. */
export function inScratch<R>(work: (folder: string) => R): R {
  const folder = mkdtempSync(join(tmpdir(), 'schedhint-btf-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A BPF object made of C source: globals of all the types in it should be there. */
export function bpfObject(source: string, ...options: string[]): Uint8Array {
  return inScratch((folder) => {
    const file = join(folder, 'a.c');
    writeFileSync(file, source);
    const target = options.some((option) => option.startsWith('--target=')) ? [] : ['--target=bpf'];
    const args = [...target, ...HEADERS, '-g', '-O1', ...(options.length > 0 ? options : ['-w'])];
    execFileSync('clang-19', [...args, '-c', file, '-o', `${file}.o`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return readFileSync(`${file}.o`);
  });
}

/** What a native program prints. */
export function runC(source: string): string {
  return inScratch((folder) => {
    const file = join(folder, 'a.c');
    writeFileSync(file, source);
    execFileSync('clang-19', ['-O0', '-w', file, '-o', join(folder, 'a')], { stdio: 'pipe' });
    return execFileSync(join(folder, 'a'), { encoding: 'utf8', maxBuffer: 1 << 28 });
  });
}
