import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from './read-config.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'schedhint-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('reads a file', () => {
  const file = join(folder, 'good.json');
  writeFileSync(file, '{ "version": 1, "requests": { "routes": [{ "path": "/" }] } }');
  expect(readConfig(file)).toEqual({ version: 1, requests: { routes: [{ path: '/' }] } });
});

test.each([
  ['{ "version": 1, ', /^FILE: .*JSON/],
  ['', /^FILE: .*JSON/],
  [
    '{ "version": 1, "requestz": {} }',
    /^FILE: \/requestz: unknown name; did you mean "requests"\?$/,
  ],
  [null, /^FILE: ENOENT: no such file/],
])('%j', (text, message) => {
  const file = join(folder, text === null ? 'missing.json' : 'bad.json');
  if (text !== null) writeFileSync(file, text);
  const call = () => readConfig(file);
  expect(call).toThrow(expect.objectContaining({ code: 'ERR_SCHEDHINT_CONFIG' }));
  expect(call).toThrow(new RegExp(message.source.replace('FILE', file)));
});
