// BTF -> TypeScript -> C header -> clang -> BTF: what comes out is what went in.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { attachThread, type StructLayout, uptr } from '@schedhint/core';
import { btfOfBytes, CLayouts } from '@schedhint/core/btf';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeBinaries } from '../packaging/node-versions/node-binaries.js';
import { bpfObject, CSource, cStruct, runC } from './c-structs.js';
import { leavesOf } from './leaves.js';
import { compile, moduleFolder } from './typescript.js';

const STRUCTS = 40;
const require = createRequire(import.meta.url);
const command = fileURLToPath(
  new URL('../../packages/schedhint/bin/schedhint.js', import.meta.url),
);
const biome = join(dirname(require.resolve('@biomejs/biome/package.json')), 'bin/biome');
const root = fileURLToPath(new URL('../..', import.meta.url));

const schedhint = (...args: string[]) =>
  execFileSync(process.execPath, [command, 'gen', ...args], { encoding: 'utf8', cwd: root });

let folder: string;
beforeAll(() => {
  folder = moduleFolder();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The names of the views among a thread's blocks, in the order of the pointers. */
function viewNames(blocks: object, path = ''): string[] {
  return Object.entries(blocks).flatMap(([name, value]) =>
    Object.getPrototypeOf(value) === Object.prototype
      ? viewNames(value, `${path}${name}.`)
      : `${path}${name}`,
  );
}

/** Everything about a struct that a program could notice. */
function noticed(layout: StructLayout) {
  return {
    size: layout.size,
    leaves: leavesOf(layout).map(({ path, type, width, bit }) => [
      path,
      type.name,
      width,
      bit,
      'constants' in type ? type.constants : undefined,
    ]),
  };
}

function structsOf(object: Uint8Array, names: readonly string[]): StructLayout[] {
  const btf = btfOfBytes(object);
  const layouts = new CLayouts(btf);
  return names.map((name) => {
    const id = btf.named(name).find((candidate) => btf.type(candidate).kind === 'struct')!;
    return layouts.structOf(id, name);
  });
}

const globals = (names: readonly string[]) =>
  names.map((name) => `struct ${name} g_${name};\n`).join('');

test('random structs come back as they were, and the module is formatted and compiles', () => {
  let run = 0;
  fc.assert(
    fc.property(fc.array(cStruct, { minLength: STRUCTS, maxLength: STRUCTS }), (structs) => {
      const source = new CSource();
      const names = structs.map((struct) => source.struct(struct));
      const first = bpfObject(source.text + globals(names));
      const name = `layouts${run++}`;
      const file = (suffix: string) => join(folder, name + suffix);
      writeFileSync(file('.bpf.o'), first);
      schedhint('--object', file('.bpf.o'), '--struct', ...names, '-o', file('.ts'));
      expect(compile(folder)).toBe('');
      schedhint('--header', join(folder, 'js', `${name}.js`), '-o', file('.h'));

      const header = readFileSync(file('.h'), 'utf8');
      const second = bpfObject(header + globals(names), '-Wall', '-Wextra', '-Werror');
      const told = `${source.text}\n${header}`;
      const after = structsOf(second, names).map(noticed);
      for (const [i, layout] of structsOf(first, names).entries()) {
        expect(after[i], told).toEqual(noticed(layout));
      }
      // The same again: nothing has been lost on the way, not even a name.
      writeFileSync(file('.bpf.o'), second);
      expect(schedhint('--object', file('.bpf.o'), '--struct', ...names)).toBe(
        readFileSync(file('.ts'), 'utf8'),
      );
    }),
    { numRuns: 2, endOnFailure: true },
  );
  const options = ['format', '--config-path', root, '--vcs-enabled=false'];
  execFileSync(
    process.execPath,
    [biome, ...options, ...Array.from({ length: run }, (_, i) => join(folder, `layouts${i}.ts`))],
    {
      stdio: 'pipe',
      cwd: root,
    },
  );
});

/** A value with pointers at every depth, and all that may lie between them. */
const VALUE = `
#define __uptr __attribute__((btf_type_tag("uptr")))
struct leaf { int x; };
struct tree { unsigned long long y; struct leaf leaf; };
struct many_value {
  unsigned int count;
  struct leaf __uptr* leaf;
  unsigned int bits : 3;
  struct { struct tree __uptr* tree; int plain; } nested;
  struct { struct leaf __uptr* hoisted; };
  unsigned char name[5];
  struct tree __uptr* last __attribute__((aligned(32)));
  void* address;
  enum { NO, YES } answer;
};
static struct leaf* leaf __attribute__((used));
static struct tree* tree __attribute__((used));
`;
const MAP = `
struct { int (*type)[29]; int* key; struct many_value* value; } many
  __attribute__((section(".maps"), used));
`;

test('so does the value of a map', async () => {
  const file = (suffix: string) => join(folder, `many${suffix}`);
  writeFileSync(file('.bpf.o'), bpfObject(VALUE + MAP));
  schedhint('--object', file('.bpf.o'), '-o', file('.ts'));
  expect(compile(folder)).toBe('');
  schedhint('--header', join(folder, 'js/many.js'), '-o', file('.h'));
  const header = readFileSync(file('.h'), 'utf8');
  writeFileSync(file('.bpf.o'), bpfObject(header + MAP, '-Wall', '-Wextra', '-Werror'));
  schedhint('--object', file('.bpf.o'), '-o', file('.2.ts'));
  // Bit-fields of the value are not the client's: what comes back is bytes, or nothing.
  expect(valuePart(file('.2.ts'))).toBe(valuePart(file('.ts')));
  expect(valuePart(file('.ts'))).toContain('hoisted: ');

  // The pointers are where clang has them.
  const { manyValue } = await import(pathToFileURL(join(folder, 'js/many.js')).href);
  const channel = uptr({ map: '/m', value: manyValue });
  using thread = attachThread({ channel, scoped: true });
  const offsets = Object.fromEntries(
    viewNames(thread.blocks).map((name, i) => [name, channel.request.slots[i]!.offset]),
  );
  const native = runC(`#include <stdio.h>
${VALUE.replaceAll('btf_type_tag("uptr")', '')}
#define AT(member) printf("%zu ", __builtin_offsetof(struct many_value, member))
int main(void) { AT(leaf); AT(nested.tree); AT(hoisted); AT(last); return 0; }`);
  expect(offsets).toEqual(
    Object.fromEntries(
      ['leaf', 'nested.tree', 'hoisted', 'last'].map((name, i) => [
        name,
        Number(native.split(' ')[i]),
      ]),
    ),
  );
});

test.each(nodeBinaries())('a module in TypeScript, by Node.js $version', ({ path, version }) => {
  const file = join(folder, 'typed.ts');
  const object = join(folder, 'typed.bpf.o');
  writeFileSync(object, bpfObject(VALUE + MAP));
  schedhint('--object', object, '-o', file);
  const { status, stdout, stderr } = spawnSync(path, [command, 'gen', '--header', file], {
    encoding: 'utf8',
  });
  if (version.startsWith('v20.')) {
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/22\.18/) });
  } else {
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('struct leaf __uptr* leaf;');
  }
});

test('what no header can have is refused', () => {
  const failed = (text: string) => {
    const file = join(folder, 'odd.mjs');
    writeFileSync(file, `import { struct, u8, u16 } from 'schedhint/layout';\n${text}`);
    return spawnSync(process.execPath, [command, 'gen', '--header', file], { encoding: 'utf8' })
      .stderr;
  };
  expect(failed('export const a = 1;')).toMatch(/ERR_SCHEDHINT_OPTION: .* exports no layout/);
  expect(failed("export const a = struct('s', { x: u8 }), b = struct('s', { x: u16 });")).toMatch(
    /ERR_SCHEDHINT_OPTION: two types are named s/,
  );
  expect(failed("throw new Error('no');")).toMatch(/ERR_SCHEDHINT_OPTION: loading .* failed: no/);
});

function valuePart(file: string): string {
  return readFileSync(file, 'utf8').split('/** The value of the map')[1]!;
}
