// The running kernel's own BTF: the largest there is, and bpftool reads it too.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { type Btf, type BtfType, btfOfFile } from '@schedhint/core/btf';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const VMLINUX = '/sys/kernel/btf/vmlinux';
const SAMPLE = 200;

/** Without it this machine's kernel says nothing to compare with; in CI that is a failure. */
const onKernel = test.skipIf(!existsSync(VMLINUX) && !process.env.CI);
if (!existsSync(VMLINUX)) console.warn(`skipped: ${VMLINUX} is missing`);

interface Dumped {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly members?: readonly {
    readonly name: string;
    readonly type_id: number;
    readonly bits_offset: number;
    readonly bitfield_size?: number;
  }[];
}

function dumped(): Map<number, Dumped> {
  const text = execFileSync('bpftool', ['-j', 'btf', 'dump', 'file', VMLINUX], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  const { types } = JSON.parse(text) as { types: Dumped[] };
  return new Map(types.map((type) => [type.id, type]));
}

type Aggregate = Extract<BtfType, { kind: 'struct' | 'union' }>;

function aggregates(btf: Btf): [number, Aggregate][] {
  const found: [number, Aggregate][] = [];
  for (let id = 1; id < btf.typeCount; id++) {
    const type = btf.type(id);
    if (type.kind === 'struct' || type.kind === 'union') found.push([id, type]);
  }
  return found;
}

onKernel('all of it is read, and its time printed', () => {
  const start = performance.now();
  const btf = btfOfFile(VMLINUX);
  const kinds = new Map<string, number>();
  for (let id = 1; id < btf.typeCount; id++) {
    const { kind } = btf.type(id);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const ms = Math.round(performance.now() - start);
  console.log(`${VMLINUX}: ${btf.typeCount} types in ${ms} ms`);
  expect(kinds.get('other')).toBeUndefined();
  expect(kinds.get('struct')).toBeGreaterThan(1000);
  expect(btf.named('task_struct').length).toBeGreaterThan(0);
});

onKernel(`${SAMPLE} random structs are as bpftool has them`, () => {
  const theirs = dumped();
  const all = aggregates(btfOfFile(VMLINUX));
  expect(all.length).toBe(
    [...theirs.values()].filter(({ kind }) => kind === 'STRUCT' || kind === 'UNION').length,
  );
  const sample = fc.sample(fc.constantFrom(...all), SAMPLE);
  for (const [id, { name, size, members }] of sample) {
    const it = theirs.get(id)!;
    expect({ name: name || '(anon)', size }).toEqual({ name: it.name, size: it.size });
    expect(
      members.map((member) => [
        member.name || '(anon)',
        member.type,
        member.bitOffset,
        member.bitSize,
      ]),
    ).toEqual(
      it.members!.map((member) => [
        member.name,
        member.type_id,
        member.bits_offset,
        member.bitfield_size ?? 0,
      ]),
    );
  }
});

onKernel('every module is read on top of it', () => {
  const modules = readdirSync('/sys/kernel/btf').filter((name) => name !== 'vmlinux');
  for (const name of modules) {
    const btf = btfOfFile(`/sys/kernel/btf/${name}`);
    for (let id = 1; id < btf.typeCount; id++) btf.type(id);
  }
});
