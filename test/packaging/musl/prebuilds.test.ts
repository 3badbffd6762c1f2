// What the addon for musl asks of a machine: read from the binaries themselves.

import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Binary } from '../install/binary.js';

/** libc++ is in it. */
const MAX_BYTES = 384 * 1024;

describe.each([
  ['linux-x64-musl', 'Advanced Micro Devices X86-64'],
  ['linux-arm64-musl', 'AArch64'],
])('%s', (platform, machine) => {
  const file = fileURLToPath(
    new URL(`../../../packages/native/prebuilds/${platform}/schedhint.node`, import.meta.url),
  );
  const binary = new Binary(file);

  test('is for that machine, stripped and small', () => {
    expect(binary.read('--file-header')).toContain(machine);
    expect(binary.symbolTables()).toEqual([]);
    expect(statSync(file).size).toBeLessThanOrEqual(MAX_BYTES);
  });

  test("needs nothing but musl, which glibc's loader does not find", () => {
    expect(binary.needed()).toEqual(['libc.so']);
    expect(binary.read('--version-info')).not.toContain('GLIBC');
  });

  test('binds all symbols when it is loaded, and stays', () => {
    expect(binary.read('--dynamic')).toMatch(/\(FLAGS_1\).*\bNOW NODELETE\b/);
  });

  test('asks for Node-API 8 and no more', () => {
    expect(binary.nodeApi().length).toBeGreaterThan(20);
    expect(binary.beyondNodeApi(8)).toEqual([]);
  });

  test('shows the three symbols that others look up', () => {
    expect(binary.exported()).toEqual([
      'napi_register_module_v1',
      'node_api_module_get_api_version_v1',
      'schedhint_registry_v1',
    ]);
  });
});
