// A scheduler's struct, driven from TypeScript that schedhint gen wrote and tsc has checked.

import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compile, moduleFolder } from '../btf/typescript.js';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const command = at('../../packages/schedhint/bin/schedhint.js');
const object = at('../rig/bpf/build/work_hints.bpf.o');
const program = at('programs/work-hints.ts.txt');

describeOnKernel('a generated module', () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let folder: string;
  const gen = (...args: string[]) =>
    execFileSync(process.execPath, [command, 'gen', ...args], { stdio: 'pipe' });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');

  beforeAll(async () => {
    folder = moduleFolder();
    bpffs = mountBpffs();
    reader = await BpfReader.load('work_hints', bpffs.path);
    gen('--map', `${bpffs.path}/workmap`, '-o', join(folder, 'layouts.ts'));
    gen('--object', object, '-o', join(folder, 'from-object.ts'));
    copyFileSync(program, join(folder, 'program.ts'));
  });
  afterAll(async () => {
    await reader?.close();
    bpffs?.unmount();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the live map and the object give the same', () => {
    const withoutSource = (name: string) => read(name).split('\n').slice(1).join('\n');
    expect(withoutSource('layouts.ts')).toBe(withoutSource('from-object.ts'));
    expect(read('layouts.ts')).toContain(`gen --map ${bpffs.path}/workmap`);
  });

  test('drives the program through every field', () => {
    expect(compile(folder)).toBe('');
    const output = execFileSync(
      process.execPath,
      [join(folder, 'js/program.js'), `${bpffs.path}/workmap`],
      { encoding: 'utf8' },
    );
    const { status, sum, expected, whole } = JSON.parse(output);
    expect(status).toBe('bound');
    expect(whole).toBe(String(0x0000_0007_0000_0009n));
    expect(sum).toBe(expected);
  });

  // What the types are for: each of these compiles to a program that would be wrong.
  test('tsc refuses what would be wrong', () => {
    const wrong: [line: string, message: string][] = [
      ['hints.polcy = 1;', "'polcy' does not exist"],
      ["hints.level = '5';", "Type 'string' is not assignable to type 'number'"],
      ['hints.level = 5n;', "Type 'bigint' is not assignable to type 'number'"],
      ['hints.interactive = 1;', "Type 'number' is not assignable to type 'boolean'"],
      [
        'export const n: number = hints.balance;',
        "Type 'bigint' is not assignable to type 'number'",
      ],
      ['hints.range = { low: 1, high: 2 };', "Cannot assign to 'range'"],
      ['hints.deadlines.set(0, true);', "'boolean' is not assignable to parameter"],
    ];
    const files = wrong.map(([line], i) => {
      const name = `wrong${i}.ts`;
      const source = read('program.ts').replace('// HERE', line);
      expect(source).toContain(line);
      writeFileSync(join(folder, name), source);
      return name;
    });
    const said = compile(folder).split('\n');
    for (const name of files) rmSync(join(folder, name));
    for (const [i, name] of files.entries()) {
      const errors = said.filter((line) => line.includes(name));
      expect(errors, wrong[i]![0]).toHaveLength(1);
      expect(errors[0]).toContain(wrong[i]![1]);
    }
  });

  test('a map that may not be read, or is invalid, is reported with what the kernel said', () => {
    const failed = (...args: string[]) => {
      try {
        gen(...args);
      } catch (error) {
        return String((error as { stderr: Buffer }).stderr);
      }
      return 'it did not fail';
    };
    expect(failed('--map', `${bpffs.path}/none`)).toMatch(
      /^schedhint gen: ERR_SCHEDHINT_MAP_BTF: BPF_OBJ_GET .*ENOENT/,
    );
    expect(failed('--object', object, '--map-name', 'other')).toMatch(
      /ERR_SCHEDHINT_BTF_NOT_FOUND: there is no map other; it has workmap/,
    );
    expect(failed('--object', object, '--struct', 'nothing')).toMatch(
      /ERR_SCHEDHINT_BTF_NOT_FOUND/,
    );
    expect(failed('--object', command)).toMatch(/ERR_SCHEDHINT_BTF: BTF at byte 0/);
    expect(failed('--object', object, '--map', 'x')).toMatch(/ERR_SCHEDHINT_OPTION: give one of/);
    expect(failed('--header', object)).toMatch(/ERR_SCHEDHINT_OPTION/);
  });
});
