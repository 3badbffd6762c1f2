import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The members of `type NAME = | 'A' | 'B'`. */
function codesOfType(source: string, name: string): string[] {
  const [, body] = new RegExp(`export type ${name} =([^;]*);`).exec(source)!;
  return [...body!.matchAll(/'(ERR_\w+)'/g)].map(([, code]) => code!).sort();
}

function codesOfTable(page: string, heading: string): string[] {
  const section = page.split(`## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\| `(ERR_\w+)` \|/gm)].map(([, code]) => code!).sort();
}

const page = read('docs/errors.md');

test('docs/errors.md has every status code of the source and no other', () => {
  const codes = codesOfType(read('packages/core/src/status.ts'), 'StatusCode');
  expect(codes.length).toBeGreaterThan(10);
  expect(codesOfTable(page, 'Status')).toEqual(codes);
});

test('docs/errors.md has every code that is thrown and no other', () => {
  const codes = codesOfType(read('packages/core/src/errors.ts'), 'ErrorCode');
  expect(codes.length).toBeGreaterThan(3);
  expect(codesOfTable(page, 'Thrown')).toEqual(codes);
});

test('docs/errors.md has every code that only commands tell, and no other', () => {
  const observer = codesOfType(read('packages/observer/src/error.ts'), 'ObserverErrorCode');
  const sources = ['observer', 'top/command', 'trace/command'].map((file) =>
    read(`packages/schedhint/src/${file}.ts`),
  );
  const others = [...sources.join().matchAll(/(?:code: |failure\(\s*)'(ERR_\w+)'/g)].map(
    ([, code]) => code!,
  );
  expect(others).toContain('ERR_NOTHING_BOUND');
  const thrown = codesOfType(read('packages/core/src/errors.ts'), 'ErrorCode');
  const codes = new Set([...observer, ...others].filter((code) => !thrown.includes(code)));
  expect(codesOfTable(page, 'Told by the commands')).toEqual([...codes].sort());
});
