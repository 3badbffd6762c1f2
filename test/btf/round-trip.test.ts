// BTF -> TypeScript -> C header -> clang -> BTF: what comes out is what went in.

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StructLayout } from '@schedhint/core';
import { btfOfBytes, CLayouts } from '@schedhint/core/btf';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bpfObject, CSource, cStruct } from './c-structs.js';
import { leavesOf } from './leaves.js';
import { compile, moduleFolder } from './typescript.js';

const STRUCTS = 40;
const require = createRequire(import.meta.url);
const command = fileURLToPath(new URL('../../packages/schedhint/dist/esm/cli.js', import.meta.url));
const biome = join(dirname(require.resolve('@biomejs/biome/package.json')), 'bin/biome');
const root = fileURLToPath(new URL('../..', import.meta.url));

const schedhint = (...args: string[]) =>
  execFileSync(process.execPath, [command, 'gen', ...args], { encoding: 'utf8', cwd: root });

let folder: string;
beforeAll(() => {
  folder = moduleFolder();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
