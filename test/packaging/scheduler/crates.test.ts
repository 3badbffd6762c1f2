// What the scheduler's build takes from cargo: the pinned file, or nothing. A shell script plays cargo; no network.

import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hasCargo, unpackCrate } from '../../../scripts/crates.mjs';

let scratch: string;
let target: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-crates-'));
  target = join(scratch, 'target');
  mkdirSync(target);
  vi.stubEnv('CARGO_HOME', join(scratch, 'home'));
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(scratch, { recursive: true, force: true });
});

function playCargo(script: string): void {
  const file = join(scratch, 'cargo');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  vi.stubEnv('PATH', `${scratch}:/usr/bin:/bin`);
}

const unpack = () => unpackCrate('scx_cargo', ['bpf_h'], target);

test('a file that is not the pinned one is not unpacked', () => {
  playCargo(
    `mkdir -p "$CARGO_HOME/registry/cache/mirror"; echo other > "$CARGO_HOME/registry/cache/mirror/scx_cargo-1.1.4.crate"`,
  );
  expect(unpack).toThrow(/another scx_cargo 1\.1\.4 than the pinned one, whose SHA-256 is \w{64}/);
  expect(existsSync(join(target, 'bpf_h'))).toBe(false);
});

test('what cargo says is said', () => {
  playCargo('echo "error: no network" >&2; exit 101');
  expect(unpack).toThrow(/scx_cargo 1\.1\.4 could not be fetched.*exit code 101.*no network/s);
});

test.each([
  ['cargo 1.84.1 (66221abde 2024-11-19)', false],
  ['cargo 1.85.0 (d73d2caf9 2024-12-31)', true],
  ['cargo 1.100.0', true],
  ['cargo 2.0.0', true],
  ['', false],
])('%j can fetch it: %s', (version, can) => {
  playCargo(`echo "${version}"`);
  expect(hasCargo()).toBe(can);
});
