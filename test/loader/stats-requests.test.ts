// The reader of requests, judged by JSON.parse() and by a fuzzer.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { built } from './built.js';

let program: string;
beforeAll(() => {
  program = built('requests');
});

function kindsOf(lines: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

test.each([
  ['stats', '{"req":"stats"}'],
  ['stats', '{"req":"stats","args":{}}'],
  ['stats', '{"req": "stats", "args": {"target": "top"}}'], // as Python writes it
  ['stats', ' {\t"args" : { "target":"top" , "more":"" } , "req" : "stats" } \r'],
  ['stats', '{"req":"stats","args":{"n\\u00e4me\\n":"\\"\\\\"}}'],
  ['meta', '{"req":"stats_meta","args":{}}'],
  ['target', '{"req":"stats","args":{"target":"non-existent"}}'],
  ['unknown', '{"req":"stop"}'],
  ['unknown', '{"req":""}'],
  ['broken', ''],
  ['broken', '{}'],
  ['broken', '{"args":{}}'],
  ['broken', '{"req":"stats"'],
  ['broken', '{"req":"stats"}}'],
  ['broken', '{"req":"stats"} x'],
  ['broken', '{"req":"stats",}'],
  ['broken', '{"req":"stats","args":{"a":1}}'],
  ['broken', '{"req":"stats","args":["a"]}'],
  ['broken', '{"req":"stats","args":{"a":"b",}}'],
  ['broken', '{"req":"stats","req":"stats"}'],
  ['broken', '{"req":1}'],
  ['broken', '{"req":"st\\x"}'],
  ['broken', '{"req":"st\\u12"}'],
  ['broken', '{"req":"st\0"}'],
  ['broken', '{"req"\0:"stats"}'],
])('%s: %j', (kind, line) => {
  expect(kindsOf([line])).toEqual([kind]);
});

/** Mulberry32 */
function random(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"',
    '\\',
    '\\"',
    '\\u0041',
    ' ',
    '\t',
    '1',
    'null',
    'ä',
    '\u0001',
  ],
  ...['"req"', '"args"', '"stats"', '"stats_meta"', '"target"', '"top"', '{}', '"":""', '"a":"b"'],
];
const REQUESTS = [
  '{"req":"stats"}',
  '{"req":"stats_meta","args":{}}',
  '{"req":"stats","args":{"target":"top","a":"b"}}',
  '{"args":{"target":"other"},"req":"stats"}',
];

/** What JSON.parse() and the shape of a request say. */
function expected(line: string) {
  let request: Record<string, unknown>;
  try {
    request = JSON.parse(line);
  } catch {
    return 'broken';
  }
  const isObject = (value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(request)) return 'broken';
  const { req, args = {}, ...others } = request;
  if (typeof req !== 'string' || !isObject(args) || Object.keys(others).length > 0) return 'broken';
  const values = Object.entries(args as object);
  if (values.some(([, value]) => typeof value !== 'string')) return 'broken';
  if (req === 'stats_meta') return 'meta';
  if (req !== 'stats') return 'unknown';
  return values.some(([name, value]) => name === 'target' && value !== 'top') ? 'target' : 'stats';
}

/** A name twice is broken here and not for JSON.parse(); a name with an escape is no name that is known here. */
const isStricter = (line: string) =>
  line.includes('\\') || /"(req|args)".*"\1"/.test(line) || /"target".*"target"/.test(line);

test('it takes what JSON.parse() takes, of the right shape, and nothing else', () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1e9);
  const next = random(seed);
  const lines = Array.from({ length: 40_000 }, (_, i) => {
    if (i % 4 === 0) {
      return Array.from({ length: 1 + next(12) }, () => PIECES[next(PIECES.length)]).join('');
    }
    let line = REQUESTS[next(REQUESTS.length)]!;
    for (let edits = next(3); edits >= 0; edits--) {
      const at = next(line.length + 1);
      line = line.slice(0, at) + PIECES[next(PIECES.length)] + line.slice(at + next(3));
    }
    return line;
  });
  const kinds = kindsOf(lines);
  expect(kinds).toHaveLength(lines.length);
  const counts: Record<string, number> = {};
  for (const [i, line] of lines.entries()) {
    const kind = kinds[i]!;
    const wanted = expected(line);
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (kind === wanted) continue;
    const mayDiffer = isStricter(line) && wanted !== 'broken';
    expect(mayDiffer, `${line}: ${kind}, not ${wanted}; SEED=${seed}`).toBe(true);
  }
  // The random lines reach each answer.
  for (const kind of ['stats', 'meta', 'target', 'unknown', 'broken'])
    expect(counts[kind]).toBeGreaterThan(20);
});

test('no input makes it read what is not there', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'schedhint-fuzz-'));
  const args = ['-runs=300000', '-max_len=300', `-artifact_prefix=${scratch}/`];
  const { status, stderr } = spawnSync(built('fuzz'), args, { encoding: 'utf8' });
  rmSync(scratch, { recursive: true });
  expect(status, stderr.slice(-2000)).toBe(0);
});
