// The one command `schedhint`: which package it finds a command in, and what it says where it is missing.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { installSchedhint } from '../../rig/installed-packages.js';

const packages = fileURLToPath(new URL('../../../packages', import.meta.url));
const STRANGER = 65534;

let scratch: string;
/** Where schedhint is installed, without the observer. */
let command: string;
/** Where a user stands. */
let folder: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-commands-'));
  mkdirSync(join(scratch, 'installed'));
  chmodSync(scratch, 0o755);
  command = installSchedhint(join(scratch, 'installed'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

beforeEach(() => {
  folder = mkdtempSync(join(scratch, 'project-'));
  chmodSync(folder, 0o755);
});

function schedhint(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', NODE_PATH: '' },
  });
  return { status, stdout, stderr };
}

/** An observer package whose commands say their name. */
function installObserver(
  source = "exports.commands = { top: { run: async (args) => (console.log('top', ...args), 5) } };",
) {
  const home = join(folder, 'node_modules/@schedhint/observer');
  mkdirSync(home, { recursive: true });
  writeFileSync(
    join(home, 'package.json'),
    JSON.stringify({
      name: '@schedhint/observer',
      exports: { '.': './cli.cjs', './cli': './cli.cjs' },
    }),
  );
  writeFileSync(join(home, 'cli.cjs'), source);
  return home;
}

test('--help lists all commands, also those of a package that is not there', () => {
  const { status, stdout, stderr } = schedhint('--help');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect([...stdout.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name)).toEqual([
    'check',
    'doctor',
    'gen',
    'routes',
    'top',
    'trace',
    'why',
  ]);
  expect(schedhint('help').stdout).toBe(stdout);
  expect(schedhint()).toEqual({ status: 1, stdout: '', stderr: stdout });
});

test('--version is the one of the package', () => {
  expect(schedhint('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('a command of the wrong name', () => {
  expect(schedhint('docter')).toMatchObject({
    status: 1,
    stderr: 'schedhint: ERR_SCHEDHINT_OPTION: unknown command "docter"; did you mean doctor?\n',
  });
  expect(schedhint('constructor').stderr).toMatch(
    /unknown command "constructor"; there are check, /,
  );
});

test('gen and doctor need no further package', () => {
  expect(schedhint('gen', '--help')).toMatchObject({ status: 0, stderr: '' });
  expect(schedhint('help', 'gen').stdout).toBe(schedhint('gen', '--help').stdout);
  const layouts = join(scratch, 'installed/layouts.mjs');
  writeFileSync(
    layouts,
    "import { i32, struct } from 'schedhint/layout'; export const data = struct('data', { a: i32 });",
  );
  expect(schedhint('gen', '--header', layouts)).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining('struct data {'),
  });
  expect(JSON.parse(schedhint('doctor', '--json').stdout).checks.length).toBeGreaterThan(5);
  expect(schedhint('doctor', '--jsno')).toMatchObject({
    status: 1,
    stderr: 'schedhint doctor: ERR_SCHEDHINT_OPTION: unknown option --jsno; did you mean --json?\n',
  });
});

test.each(['top', 'trace'])('%s without the observer: the command that installs it', (name) => {
  expect(schedhint(name, '--pid', '1')).toEqual({
    status: 1,
    stdout: '',
    stderr: `schedhint ${name}: ERR_SCHEDHINT_OBSERVER_PACKAGE: this needs the package @schedhint/observer: npm i @schedhint/observer@latest\n`,
  });
});

test('the observer of the working directory, when schedhint is installed elsewhere', () => {
  installObserver();
  expect(schedhint('top', '--pid', '1')).toEqual({
    status: 5,
    stdout: 'top --pid 1\n',
    stderr: '',
  });
});

test("the observer that is installed with schedhint comes before the working directory's", () => {
  installObserver('throw new Error("not this one")');
  const link = join(scratch, 'installed/node_modules/@schedhint/observer');
  symlinkSync(join(packages, 'observer'), link);
  try {
    expect(schedhint('top', '--help')).toMatchObject({ status: 0, stderr: '' });
    expect(schedhint('trace')).toMatchObject({
      status: 1,
      stderr: 'schedhint trace: ERR_SCHEDHINT_OPTION: --pid <pid> is missing\n',
    });
  } finally {
    rmSync(link);
  }
});

test('an observer without the command counts as missing', () => {
  installObserver('exports.commands = {};');
  expect(schedhint('top').stderr).toMatch(/ERR_SCHEDHINT_OBSERVER_PACKAGE/);
  writeFileSync(
    join(folder, 'node_modules/@schedhint/observer/package.json'),
    JSON.stringify({ name: '@schedhint/observer', exports: { '.': './cli.cjs' } }),
  );
  expect(schedhint('top').stderr).toMatch(/ERR_SCHEDHINT_OBSERVER_PACKAGE/);
});

test('an observer that does not load says why', () => {
  installObserver('throw new Error("broken")');
  expect(schedhint('top')).toMatchObject({ status: 1, stderr: 'schedhint top: broken\n' });
});

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("skipped: a stranger's package: chown needs root");

// Root runs it: in /tmp anyone can make a node_modules.
test.runIf(isRoot)("a stranger's package in a folder of root's is not run", () => {
  const file = join(installObserver(), 'cli.cjs');
  chownSync(file, STRANGER, STRANGER);
  expect(schedhint('top').stderr).toMatch(/ERR_SCHEDHINT_OBSERVER_PACKAGE/);
  chownSync(folder, STRANGER, STRANGER); // the user's own project, under sudo
  expect(schedhint('top')).toMatchObject({ status: 5, stderr: '' });
});
