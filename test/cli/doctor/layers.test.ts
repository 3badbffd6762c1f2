import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publishedLayers } from '../../peers/published-layers.mjs';
import { report } from './patient.js';

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-layers-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function layers(content: string | Buffer): string {
  const file = join(scratch, 'layers.json');
  writeFileSync(file, content);
  return file;
}

test('what docs/channels.md has is good, and its numbers are the ones assumed', async () => {
  const { code, text } = await report('--layered', layers(publishedLayers()));
  expect(code).toBe(0);
  expect(text).toMatch(
    /^numbers assumed, .*: 900 in a collection, 900 for an urgency, 1 without a hint$/m,
  );
  expect(text).toMatch(/^pass {2}layers +900 .* -> "latency"; 1 .* -> "hinted-normal"/m);
  const page = readFileSync(new URL('../../../docs/channels.md', import.meta.url), 'utf8');
  expect(page).toMatch(
    / gc: 900,.*\n.* normal: 1,.*\n.* urgency: \(urgency\) => \(urgency >= 800 \? 900 : null\)/,
  );
});

test('the numbers of another mapping', async () => {
  const file = layers(publishedLayers());
  const { code, text } = await report('--layered', file, '--layered-urgency', '1-1024');
  expect(code).toBe(1);
  expect(text).toMatch(
    /^numbers that the app writes: 900 in a collection, 1-1024 for an urgency, 1 without a hint$/m,
  );
  expect(text).toMatch(
    /^fail {2}layers +no layer names 2-899, 901-1024 .*\n +-> map them to numbers that a layer names \(1, 900\)/m,
  );
  expect(text).toMatch(/^0 pass, 0 warn, 1 fail$/m);
});

test('for machines', async () => {
  const file = layers('[]');
  const { code, text } = await report('--layered', file, '--json', '--layered-gc', 'none');
  expect(code).toBe(1);
  expect(JSON.parse(text)).toEqual({
    ok: false,
    layered: file,
    mapping: { gc: null, normal: 1, urgencies: [900] },
    assumed: false,
    checks: [
      {
        name: 'layers',
        state: 'fail',
        found: expect.stringMatching(/no array of layers/),
        todo: expect.stringMatching(/./),
      },
    ],
  });
});

test.each([
  [
    'a file that is not there',
    ['--layered', '/nonexistent/layers.json'],
    /cannot read \/nonexistent\/layers.json: ENOENT/,
  ],
  [
    'an invalid number',
    ['--layered', '/dev/null', '--layered-gc', '5000'],
    /--layered-gc needs a whole number from 0 to 1024/,
  ],
])('%s', async (_, args, message) => {
  const { code, errors } = await report(...args);
  expect(code).toBe(1);
  expect(errors).toMatch(/^schedhint doctor: ERR_SCHEDHINT_OPTION: /);
  expect(errors).toMatch(message);
});

test('what is not UTF-8, which scx_layered does not read', async () => {
  const { code, errors } = await report('--layered', layers(Buffer.from([0x5b, 0xff, 0x5d])));
  expect(code).toBe(1);
  expect(errors).toMatch(/cannot read .*layers.json/);
});
