import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { KeptFile } from './kept-file.js';

const folder = mkdtempSync(join(tmpdir(), 'schedhint-kept-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('each read gives what the file has now', () => {
  const path = join(folder, 'file');
  writeFileSync(path, 'a long first text');
  const file = KeptFile.open(path)!;
  expect(file.read()).toBe('a long first text');
  writeFileSync(path, 'short');
  expect(file.read()).toBe('short');
  file.close();
  file.close();
  expect(file.read()).toBe('');
});

test('a file that is not there is null, and one that cannot be read is empty', () => {
  expect(KeptFile.open(join(folder, 'nothing'))).toBeNull();
  expect(KeptFile.open(folder)?.read()).toBe('');
});
