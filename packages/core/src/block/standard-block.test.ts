import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { DEFAULT_PIN, pinOf } from '../channel/map-location.js';
import { shapedChannel } from '../channel/shaped.js';
import { introduce, standardGcRequest, standardRequest } from '../channel/standard.js';
import type { StructLayout } from '../layout/types.js';
import { storingTo } from '../thread/block-location.js';
import { createView } from '../view/struct-view.js';
import { FIELD } from './abi.js';
import { processLayout, threadLayout } from './standard-layouts.js';
import * as standard from './standard-values.js';

const include = fileURLToPath(new URL('../../../../abi/include', import.meta.url));
const header = readFileSync(join(include, 'schedhint/schedhint.h'), 'utf8');
const layouts = [threadLayout, processLayout];

/** The names that the header gives: nothing that it has may be missing in TypeScript. */
function fieldNames(struct: string): string[] {
  const body = new RegExp(`struct ${struct} \\{([^}]*)\\}`).exec(header)![1]!;
  const names = body.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/__u\d+ (\w+)(?:\[\d+\])?;/g);
  return [...names].map((match) => match[1]!);
}

const enums = {
  RUNTIME_: standard.Runtime,
  ROLE_: standard.Role,
  PHASE_: standard.Phase,
  GC_: { ...standard.GcKind, paused: standard.GC_PAUSED, cycle: standard.GC_CYCLE },
  '': standard.HintBit,
  URGENCY_: standard.URGENCY,
  F_: standard.Flag,
  R_: standard.ReaderFlag,
  P_: standard.ProcessFlag,
};

/** `helpersBound` of `P_` as C names it. */
function cName(prefix: string, name: string): string {
  return `SCHEDHINT_${prefix}${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function constants(): Record<string, number> {
  const all: Record<string, number> = {
    SCHEDHINT_ABI: standard.ABI,
    SCHEDHINT_GC_RUNTIME_SHIFT: standard.GC_RUNTIME_SHIFT,
  };
  for (const [prefix, values] of Object.entries(enums)) {
    for (const [name, value] of Object.entries(values)) all[cName(prefix, name)] = value;
  }
  return all;
}

function askTheCompiler(): Record<string, unknown> {
  const lines: string[] = [];
  for (const { name, fields } of layouts) {
    lines.push(`printf("\\"${name}\\": [%zu", sizeof(struct ${name}));`);
    for (const field of fields) {
      const member = `((struct ${name} *)0)->${field.name}`;
      lines.push(
        `printf(", [\\"${field.name}\\", %zu, %zu]", offsetof(struct ${name}, ${field.name}), sizeof(${member}));`,
      );
    }
    lines.push('printf("],\\n");');
  }
  for (const name of Object.keys(constants()))
    lines.push(`printf("\\"${name}\\": %d,\\n", (int)${name});`);
  lines.push('printf("\\"pin\\": \\"%s\\"\\n", SCHEDHINT_DEFAULT_PIN);');
  const source = `#include <stddef.h>\n#include <stdio.h>\n#include <schedhint/schedhint.h>
int main(void) { printf("{"); ${lines.join('\n')} printf("}"); return 0; }\n`;
  const folder = mkdtempSync(join(tmpdir(), 'schedhint-abi-'));
  try {
    writeFileSync(join(folder, 'p.c'), source);
    execFileSync('cc', ['-I', include, '-o', join(folder, 'p'), join(folder, 'p.c')], {
      stdio: 'pipe',
    });
    return JSON.parse(execFileSync(join(folder, 'p'), { encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('layouts and constants are those of the C header', () => {
  const mine: Record<string, unknown> = { ...constants(), pin: DEFAULT_PIN };
  for (const { name, size, fields } of layouts) {
    mine[name] = [size, ...fields.map((field) => [field.name, field.offset, field.size])];
  }
  expect(askTheCompiler()).toEqual(mine);
});

test('nothing of the header is missing', () => {
  for (const { name, fields } of layouts) {
    expect(fields.map((field) => field.name)).toEqual(fieldNames(name));
  }
  const enumerators = [...header.matchAll(/^\t(SCHEDHINT_\w+)\s*= \w+,/gm)].map(
    (match) => match[1],
  );
  expect(enumerators.length).toBeGreaterThan(35);
  // Where the numbers of private use begin.
  enumerators.splice(enumerators.indexOf('SCHEDHINT_RUNTIME_PRIVATE'), 1);
  for (const name of enumerators) expect(Object.keys(constants())).toContain(name);
});

test('the indices of fields that are used without the layout are those of the layout', () => {
  const named = Object.fromEntries(threadLayout.fields.map((field) => [field.name, field]));
  for (const [name, index] of Object.entries(FIELD)) {
    const { offset, size } = named[name]!;
    expect(`${name} ${index}`).toBe(`${name} ${offset / size}`);
  }
});

test('what the addon gets of the blocks is what their layouts say', () => {
  const at = (layout: StructLayout, name: string) =>
    layout.fields.find((field) => field.name === name)!.offset;
  const shaped = shapedChannel(pinOf({}), { thread: threadLayout, process: processLayout });
  const [thread, process] = shaped.request.slots;
  expect(standardRequest(pinOf({}))).toEqual({
    ...shaped.request,
    slots: [
      {
        ...thread,
        attachNs: at(threadLayout, 'attach_ns'),
        reader: at(threadLayout, 'reader_abi'),
      },
      {
        ...process,
        owner: 'process',
        attachNs: at(processLayout, 'attach_ns'),
        reader: at(processLayout, 'granted_ns'),
      },
    ],
    countSlot: 1,
    countOffset: at(processLayout, 'bound_threads'),
  });
  expect(standardGcRequest).toEqual({
    wide: false,
    threadSlot: 0,
    gc: at(threadLayout, 'gc'),
    count: at(threadLayout, 'gc_count'),
    sinceNs: at(threadLayout, 'gc_since_ns'),
    expectUs: at(threadLayout, 'gc_expect_us'),
    flags: at(threadLayout, 'flags'),
    liveFlag: standard.Flag.gcLive,
    processSlot: 1,
    processCount: at(processLayout, 'gc_threads'),
    hint: -1,
  });
  for (const isMain of [true, false]) {
    const buffers = [threadLayout, processLayout].map(({ size }) => new ArrayBuffer(size));
    introduce(storingTo(buffers.map((buffer) => ({ buffer, offset: 0 }))), isMain);
    const view = createView(threadLayout, buffers[0]!, 0);
    const { main, worker } = standard.Role;
    const { v8 } = standard.Runtime;
    expect([view.abi, view.role]).toEqual([standard.ABI, isMain ? main : worker]);
    expect(view.runtime).toBe(v8);
    const process = createView(processLayout, buffers[1]!, 0);
    expect([process.abi, process.runtime]).toEqual([standard.ABI, v8]);
  }
});
