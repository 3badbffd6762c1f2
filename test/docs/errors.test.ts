import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The members of `type NAME = | 'A' | 'B'`. */
function codesOfType(source: string, name: string): string[] {
  const [, body] = new RegExp(`export type ${name} =([^;]*);`).exec(source)!;
  return [...body!.matchAll(/'(ERR_\w+)'/g)].map(([, code]) => code!).sort();
}

const CONFIG = 'ERR_SCHEDHINT_CONFIG';
const HEALTH = 'ERR_SCHEDHINT_HEALTH';

/** The codes with which the packages' sources emit warnings. */
function codesOfWarnings(): string[] {
  const packages = fileURLToPath(new URL('../../packages', import.meta.url));
  const sources = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /^[^/]+\/(?:src|ts)\/.*(?<!\.test)\.ts$/.test(file),
  );
  const codes = sources.flatMap((file) => {
    const source = read(`packages/${file}`);
    return source.includes('emitWarning(')
      ? [...source.matchAll(/(?<!environmentVariable\()'(SCHEDHINT_\w+)'/g)].map(
          ([, code]) => code!,
        )
      : [];
  });
  // The preload makes a warning of the error of a config file.
  expect(read('packages/schedhint/src/config/checks.ts')).toContain(`'${CONFIG}'`);
  // An error of serveHealth() is a warning too.
  expect(read('packages/schedhint/src/integrations/health/responder.ts')).toContain(`'${HEALTH}'`);
  return [...new Set([...codes, CONFIG, HEALTH])].sort();
}

function codesOfTable(page: string, heading: string): string[] {
  const section = page.split(`## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code!).sort();
}

const page = read('docs/errors.md');

test('docs/errors.md has every status code of the source and no other', () => {
  const codes = codesOfType(read('packages/core/src/thread/status.ts'), 'StatusCode');
  expect(codes.length).toBeGreaterThan(10);
  expect(codesOfTable(page, 'Status')).toEqual(codes);
});

test('docs/errors.md has every code of a warning and no other', () => {
  const codes = codesOfWarnings();
  expect(codes).toContain('SCHEDHINT_ADDON');
  expect(codesOfTable(page, 'Warnings')).toEqual(codes);
});

test('docs/errors.md has every code that is thrown and no other', () => {
  const codes = codesOfType(read('packages/core/src/errors.ts'), 'ErrorCode');
  expect(codes.length).toBeGreaterThan(3);
  expect(codesOfTable(page, 'Thrown')).toEqual(codes);
});

test('docs/errors.md has every code that only commands report, and no other', () => {
  const observer = codesOfType(read('packages/observer/src/error.ts'), 'ObserverErrorCode');
  const sources = [
    read('packages/schedhint/src/cli/observer-command.ts'),
    read('packages/schedhint/src/cli/process/target.ts'),
    read('packages/schedhint/src/cli/check/measure.ts'),
    read('packages/schedhint/src/cli/check/started-app.ts'),
    read('packages/schedhint/src/cli/why/recording.ts'),
    read('packages/observer/src/cli/top/command.ts'),
    read('packages/observer/src/cli/trace/command.ts'),
  ];
  const others = [...sources.join().matchAll(/(?:code: |failure\(\s*)'(ERR_\w+)'/g)].map(
    ([, code]) => code!,
  );
  expect(others).toContain('ERR_SCHEDHINT_NOTHING_BOUND');
  const thrown = codesOfType(read('packages/core/src/errors.ts'), 'ErrorCode');
  const codes = new Set([...observer, ...others, CONFIG].filter((code) => !thrown.includes(code)));
  expect(codesOfTable(page, 'Reported by the commands')).toEqual([...codes].sort());
});
