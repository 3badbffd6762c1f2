import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { shapedChannel } from '../channel/channel.js';
import { DEFAULT_PIN, pinOf } from '../channel/map-location.js';
import { introduce, standardGcRequest, standardRequest } from '../channel/standard.js';
import type { StructLayout } from '../layout/types.js';
import { storingTo } from '../thread/block-location.js';
import { createView } from '../view/struct-view.js';
import * as standard from './standard-block.js';

const include = fileURLToPath(new URL('../../../native/include', import.meta.url));
const header = readFileSync(join(include, 'schedhint/schedhint.h'), 'utf8');
const layouts = [standard.threadLayout, standard.processLayout];

/** The names that the header gives: nothing that it has may be missing in TypeScript. */
function fieldNames(struct: string): string[] {
  const body = new RegExp(`struct ${struct} \\{([^}]*)\\}`).exec(header)![1]!;
  const names = body.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/__u\d+ (\w+)(?:\[\d+\])?;/g);
  return [...names].map((match) => match[1]!);
}

const enums = {
  ROLE: standard.Role,
  PHASE: standard.Phase,
  GC: standard.GcKind,
  F: standard.Flag,
  R: standard.ReaderFlag,
};

/** `minorMarkSweep` of `GC` as C names it. */
function cName(prefix: string, name: string): string {
  return `SCHEDHINT_${prefix}_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function constants(): Record<string, number> {
  const all: Record<string, number> = {
    SCHEDHINT_ABI: standard.ABI,
    SCHEDHINT_URGENCY_MAX: standard.URGENCY_MAX,
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
  const enumerators = [...header.matchAll(/^ {2}(SCHEDHINT_\w+) = \d+,/gm)].map(
    (match) => match[1],
  );
  expect(enumerators.length).toBeGreaterThan(15);
  for (const name of enumerators) expect(Object.keys(constants())).toContain(name);
});

test('threadIndex counts in elements of the field', () => {
  expect(standard.threadIndex('phase')).toBe(3);
  expect(standard.threadIndex('urgency')).toBe(8);
  expect(standard.threadIndex('deadline_ns')).toBe(5);
});

test('what the addon is told of the blocks is what their layouts say', () => {
  const { threadLayout, processLayout } = standard;
  const at = (layout: StructLayout, name: string) =>
    layout.fields.find((field) => field.name === name)!.offset;
  const shaped = shapedChannel(pinOf({}), { thread: threadLayout, process: processLayout });
  const [thread, process] = shaped.request.slots;
  expect(standardRequest(pinOf({}))).toEqual({
    ...shaped.request,
    slots: [thread, { ...process, owner: 'process' }],
    countSlot: 1,
    countOffset: at(processLayout, 'js_threads'),
  });
  expect(standardGcRequest).toEqual({
    wide: false,
    threadSlot: 0,
    gc: at(threadLayout, 'gc'),
    count: at(threadLayout, 'gc_count'),
    sinceNs: at(threadLayout, 'gc_since_ns'),
    expectNs: at(threadLayout, 'gc_expect_ns'),
    flags: at(threadLayout, 'flags'),
    liveFlag: standard.Flag.gcLive,
    cycleFlag: standard.Flag.gcCycle,
    processSlot: 1,
    processCount: at(processLayout, 'gc_threads'),
    hint: -1,
  });
  for (const isMain of [true, false]) {
    const buffers = [threadLayout, processLayout].map(({ size }) => new ArrayBuffer(size));
    introduce(storingTo(buffers.map((buffer) => ({ buffer, offset: 0 }))), isMain);
    const view = createView(threadLayout, buffers[0]!, 0);
    const { main, worker } = standard.Role;
    expect([view.abi, view.role]).toEqual([standard.ABI, isMain ? main : worker]);
    expect(createView(processLayout, buffers[1]!, 0).abi).toBe(standard.ABI);
  }
});
