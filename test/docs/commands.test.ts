// The shell commands of every page: what they name is there, and has the options that they give it.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { at, type Block, blocks, root } from './pages.js';

const scripts: Record<string, string> = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
).scripts;
const commands = blocks.filter(({ language }) => language === 'sh');

/** Commands of a block, without comments; a line that ends with a backslash goes on. */
function linesOf({ code }: Block): string[] {
  return code
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*/, '').trim())
    .filter((line) => line !== '');
}

function each(match: RegExp, check: (found: RegExpExecArray, where: string) => void): void {
  let seen = 0;
  for (const block of commands) {
    for (const line of linesOf(block)) {
      for (const found of line.matchAll(match)) {
        check(found, `${at(block)}: ${line}`);
        seen++;
      }
    }
  }
  expect(seen).toBeGreaterThan(0);
}

/** What a program says of its options. */
function helpOf(program: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(program, [...args, '--help'], { encoding: 'utf8' });
  return stdout + stderr;
}

const optionsOf = (text: string) =>
  [...text.matchAll(/(?:^|\s)(--?[a-z][\w-]*)/g)].map(([, o]) => o!);

test('all of it is shell', () => {
  for (const block of commands) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: block.code, encoding: 'utf8' });
    expect({ status, stderr }, at(block)).toEqual({ status: 0, stderr: '' });
  }
});

test('npm scripts', () => {
  each(/npm (?:run (?:--silent )?([\w:-]+)|(test)\b)/g, ([, run, script], where) => {
    expect(Object.keys(scripts), where).toContain(run ?? script);
  });
});

test('files of the repository', () => {
  each(
    /(?:^|[\s=/])((?:examples|test|broker|packages|scripts)\/[^\s;|&'"]*)/g,
    ([, path], where) => {
      // Braces stand for several; what is built is there after npm run setup.
      const names = path!.includes('{')
        ? path!
            .match(/\{(.*)\}/)![1]!
            .split(',')
            .map((name) => path!.replace(/\{.*\}/, name))
        : [path!];
      for (const name of names)
        expect(existsSync(join(root, name)), `${where}: ${name}`).toBe(true);
    },
  );
});

test('schedhint and its options', () => {
  const cli = join(root, 'packages/schedhint/bin/schedhint.js');
  const general = helpOf(process.execPath, cli);
  each(/npx schedhint ([a-z]+)([^;|&>]*)/g, ([, command, options], where) => {
    expect(general, where).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    const help = helpOf(process.execPath, cli, command!);
    for (const option of optionsOf(options!)) expect(help, where).toContain(option);
  });
});

test.each([
  ['observer', 'observer/build/observer'],
  ['schedhint-broker', 'broker/build/schedhint-broker'],
])('%s and its options', (name, program) => {
  const help = helpOf(join(root, program));
  each(new RegExp(`(?:^|[\\s/])${name} ([^;|&]*)`, 'g'), ([, options], where) => {
    for (const option of optionsOf(options!)) expect(help, where).toContain(option);
  });
});
