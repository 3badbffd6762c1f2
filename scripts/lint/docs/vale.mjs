// Installs Vale, a linter for prose, once for a machine, and runs it.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The last one that `go install` can build: those after it name a module of another path, or one that is not served. */
const VERSION = 'v3.15.2';
const PACKAGE = `github.com/errata-ai/vale/v3/cmd/vale@${VERSION}`;

/** @returns {{ program: string } | { why: string }} */
export function installVale() {
  const home = join(homedir(), '.cache/schedhint-vale', VERSION);
  const program = join(home, 'vale');
  if (existsSync(program)) return { program };
  if (spawnSync('go', ['version']).status !== 0) return { why: 'there is no Go' };
  mkdirSync(home, { recursive: true });
  console.log(`  installing Vale ${VERSION}, once`);
  const { status, stderr } = spawnSync('go', ['install', PACKAGE], {
    env: { ...process.env, GOBIN: home },
    encoding: 'utf8',
  });
  if (status === 0) return { program };
  return { why: `go install ${PACKAGE}: ${stderr.trim().split('\n').at(-1)}` };
}

/**
 * @param {string} program
 * @param {string} home with .vale.ini, and the files
 * @returns {{ file: string, line: number, column: number, rule: string, message: string }[]}
 */
export function runVale(program, home, files) {
  const args = ['--config', join(home, '.vale.ini'), '--output=JSON', '--no-exit', ...files];
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: home,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`vale: ${stderr || stdout}`);
  return Object.entries(JSON.parse(stdout)).flatMap(([file, alerts]) =>
    alerts.map(({ Line, Span, Check, Message }) => {
      return { file, line: Line, column: Span[0], rule: Check, message: Message };
    }),
  );
}
