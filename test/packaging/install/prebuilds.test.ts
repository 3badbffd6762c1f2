// What the native package ships asks of a machine: read from the binaries themselves.

import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Binary } from './binary.js';

/** The youngest that a Linux for Node.js 20 to 26 may lack: RHEL 8's glibc and libstdc++. */
const FLOORS: Record<string, string> = {
  GLIBC: '2.28',
  GLIBCXX: '3.4.25',
  CXXABI: '1.3.11',
  GCC: '8.0.0',
};
/** On arm64 parts of the file begin at multiples of 64 KiB, the largest page, so it grows in such steps. */
const MAX_BYTES = 200 * 1024;

const PLATFORMS = {
  'linux-x64': { machine: 'Advanced Micro Devices X86-64', interpreter: 'ld-linux-x86-64.so.2' },
  'linux-arm64': { machine: 'AArch64', interpreter: 'ld-linux-aarch64.so.1' },
};

function isYounger(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const i = a.findIndex((part, k) => part !== (b[k] ?? 0));
  return i >= 0 && a[i]! > (b[i] ?? 0);
}

describe.each(Object.entries(PLATFORMS))('%s', (platform, { machine, interpreter }) => {
  const file = fileURLToPath(
    new URL(`../../../packages/native/prebuilds/${platform}/schedhint.node`, import.meta.url),
  );
  const binary = new Binary(file);

  test('is for that machine, stripped and small', () => {
    expect(binary.read('--file-header')).toContain(machine);
    expect(binary.symbolTables()).toEqual([]);
    expect(statSync(file).size).toBeLessThanOrEqual(MAX_BYTES);
  });

  test('needs nothing that a Node.js does not bring, and nothing younger than glibc 2.28', () => {
    const system = ['libc.so.6', 'libpthread.so.0', 'libstdc++.so.6', interpreter];
    expect(binary.needed().filter((library) => !system.includes(library))).toEqual([]);
    const versions = binary.versions();
    expect(versions).toContain(platform === 'linux-x64' ? 'GLIBC_2.2.5' : 'GLIBC_2.17');
    const younger = versions.filter((version) => {
      const [family, number] = version.split('_') as [string, string];
      return isYounger(number, FLOORS[family] ?? '0');
    });
    expect(younger).toEqual([]);
  });

  // Node.js opens addons with RTLD_LAZY: musl would load it all the same, and crash at the first call.
  test('binds all symbols when it is loaded, so that a C library which lacks one refuses it', () => {
    expect(binary.read('--dynamic')).toMatch(/\(FLAGS_1\).*\bNOW\b/);
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

test('versions are compared by their parts', () => {
  expect(isYounger('2.34', '2.28')).toBe(true);
  expect(isYounger('2.4', '2.28')).toBe(false);
  expect(isYounger('2.28', '2.28')).toBe(false);
  expect(isYounger('3.4.26', '3.4.25')).toBe(true);
  expect(isYounger('3.4', '3.4.25')).toBe(false);
});
