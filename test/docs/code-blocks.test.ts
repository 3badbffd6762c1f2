// Every code block of every page: compiled, parsed, or found in the source that it quotes.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { at, blocks, root } from './pages.js';

const require = createRequire(import.meta.url);
/** Installed for the tests of requests alone. */
const TYPES = {
  '@grpc/grpc-js': 'test/requests/node_modules/@grpc/grpc-js/build/src/index.d.ts',
  bullmq: 'test/requests/node_modules/bullmq/dist/esm/index.d.ts',
};
const ofLanguage = (...languages: string[]) =>
  blocks.filter(({ language }) => languages.includes(language));

test('each has a language that something here checks', () => {
  const checked = ['ts', 'js', 'sh', 'c', 'json', 'yaml', 'ini', 'dockerfile', 'text', 'python'];
  const others = blocks.filter(({ language }) => !checked.includes(language));
  expect(others.map((block) => `${at(block)}: ${block.language || 'none'}`)).toEqual([]);
});

test('TypeScript and JavaScript: compiled, with the types of the packages', () => {
  const home = join(root, 'build/doc-blocks'); // where the packages are found from
  rmSync(home, { recursive: true, force: true });
  const compiled = ofLanguage('ts', 'js').map((block, i) => {
    const directory = join(home, String(i));
    mkdirSync(directory, { recursive: true });
    for (const [name, content] of Object.entries(block.files)) {
      writeFileSync(join(directory, name), content);
    }
    // A module, so that blocks do not see each other.
    const prelude = `${block.with}export {};\n`;
    writeFileSync(join(directory, `block.${block.language}`), prelude + block.code);
    return { ...block, shift: block.line - prelude.split('\n').length };
  });
  expect(compiled.length).toBeGreaterThan(15);
  const tsconfig = {
    extends: '../../tsconfig.base.json',
    compilerOptions: {
      noEmit: true,
      allowJs: true,
      checkJs: true,
      noUnusedLocals: false,
      paths: Object.fromEntries(
        Object.entries(TYPES).map(([name, file]) => [name, [join(root, file)]]),
      ),
    },
    include: ['*/*'],
  };
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify(tsconfig));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }\n');
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', home, '--pretty', 'false'], {
    cwd: home,
    encoding: 'utf8',
  });
  const errors = stdout.split('\n').filter((line) => line !== '');
  const told = errors.map((line) =>
    line.replace(/^(\d+)\/block\.\w+\((\d+),\d+\)/, (_, i, number) => {
      const { page, shift } = compiled[Number(i)]!;
      return `${page}:${Number(number) + shift}`;
    }),
  );
  expect(told).toEqual([]);
});

test('JSON and YAML: parsed', () => {
  for (const { code } of ofLanguage('json')) JSON.parse(code);
  for (const { code } of ofLanguage('yaml')) parse(code);
});

test('unit files: sections and assignments', () => {
  const line = /^(?:\[[A-Z]\w+\]|[A-Z]\w*=.+|#.*|)$/;
  for (const block of ofLanguage('ini')) {
    const odd = block.code.split('\n').filter((text) => !line.test(text));
    expect(odd, at(block)).toEqual([]);
  }
});

test('C and Python: what it shows is in a program that is built and tested', () => {
  const code = (text: string) =>
    text
      .replaceAll(/\/\*[\s\S]*?\*\//g, '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  const linesIn = (homes: readonly string[], suffix: RegExp) => {
    const files = homes.flatMap((home) =>
      readdirSync(join(root, home)).map((name) => join(root, home, name)),
    );
    return new Set(
      files.filter((file) => suffix.test(file)).flatMap((file) => code(readFileSync(file, 'utf8'))),
    );
  };
  const known = {
    c: linesIn(['scheduler', 'examples/c'], /\.[ch]$/),
    python: linesIn(['examples/python'], /\.py$/),
  };
  for (const [language, lines] of Object.entries(known)) {
    for (const block of ofLanguage(language)) {
      const missing = code(block.code).filter((line) => !lines.has(line));
      expect(missing, at(block)).toEqual([]);
    }
  }
});
