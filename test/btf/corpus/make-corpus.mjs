// Makes the blobs of this folder again: node test/btf/corpus/make-corpus.mjs. Needs clang-19 and llvm-objcopy.

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { elfSection } from '@schedhint/core/btf';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Only debug information and what it needs: code would make mutations miss it. */
const OPTIONS = ['-g', '-O1', '-w', '-fdebug-compilation-dir=.', '-c', 'kinds.c'];

for (const [name, target] of [
  ['bpf-little.o', 'bpfel'],
  ['bpf-big.o', 'bpfeb'],
]) {
  const file = here(name);
  execFileSync('clang-19', [`--target=${target}`, ...OPTIONS, '-o', file], { cwd: here('.') });
  const btf = elfSection(readFileSync(file), '.BTF');
  writeFileSync(file.replace(/\.o$/, '.btf'), btf);
  execFileSync('llvm-objcopy', ['--strip-debug', '--keep-section=.BTF', file]);
}
// BTF is not for 32-bit targets: an ELF file of that class without it, and one with the bytes.
for (const [name, target] of [
  ['elf32-little.o', 'i386-linux-gnu'],
  ['elf32-big.o', 'powerpc-linux-gnu'],
]) {
  const file = here(name);
  execFileSync('clang-19', [`--target=${target}`, '-w', '-c', 'kinds.c', '-o', file], {
    cwd: here('.'),
  });
  const order = name.includes('big') ? 'big' : 'little';
  const section = `.BTF=${here(`bpf-${order}.btf`)}`;
  execFileSync('llvm-objcopy', ['--add-section', section, file]);
}
rmSync(here('kinds.o'), { force: true });
