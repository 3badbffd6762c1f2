// The command `schedhint check` itself: its two forms, which process it measures, and how it ends what it has started.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { until } from '../rig/until.js';
import { app, check, schedhint } from './check.js';

const node = process.execPath;

describe('schedhint check', () => {
  test('without arguments, or with both: the two forms', async () => {
    const both = ['check', '--pid', '1', '--', node];
    for (const args of [['check'], ['check', '--'], both]) {
      const { code, stdout, stderr } = await schedhint(args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(
        /^schedhint check: ERR_SCHEDHINT_OPTION: .*: schedhint check --pid PID, or schedhint check -- node app\.js\n$/,
      );
    }
    expect((await schedhint(['check', '--help'])).stdout).toMatch(
      /Two forms: schedhint check --pid PID/,
    );
  });

  test('options of the program are not its own', async () => {
    const script = 'setTimeout(() => process.exit(process.argv[1] === "--json" ? 3 : 4), 3000)';
    const { ending } = await check([node, '-e', script, '--', '--json'], { seconds: 60 });
    expect(ending).toMatch(/ended without a signal from here: exit code 3\.$/);
  });

  test('a process that runs: as text, with what is known of it', async () => {
    const running = spawn(node, [app('blocks')], { stdio: 'ignore' });
    const { code, stdout } = await schedhint([
      'check',
      '--pid',
      `${running.pid}`,
      '--seconds',
      '1',
    ]);
    running.kill();
    expect(code).toBe(0);
    const [title, empty, ...lines] = stdout.split('\n');
    expect(title).toMatch(
      new RegExp(`^schedhint check: process ${running.pid} \\(node\\), 1\\.\\d s$`),
    );
    expect(empty).toBe('');
    // Which one it is depends on what else runs on this machine.
    expect(lines.join('\n')).toMatch(/^[a-z ]{16}[A-Z].*\.\n( {16}[^ -].*\n)+ {16}-> /m);
    expect(lines.join('\n')).toMatch(/^This process does not run schedhint\/register: /m);
  });

  test('what the app prints goes to stderr, and the verdicts to stdout', async () => {
    const script = 'console.log("from the app"); setInterval(() => {}, 100)';
    const args = ['check', '--json', '--seconds', '1', '--after', '1', '--', node, '-e', script];
    const { code, stdout, stderr } = await schedhint(args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ account: 'stalls' });
    expect(stderr).toContain('from the app');
  });

  test('the busiest process of a command is measured, and all of them are ended', async () => {
    const command = `'${node}' '${app('waits')}' & '${node}' '${app('blocks')}' & echo $! >&2; wait`;
    // While they start, each may be the busiest.
    const args = ['check', '--json', '--seconds', '1', '--after', '4', '--', 'sh', '-c', command];
    const { stdout, stderr } = await schedhint(args);
    const { pid } = JSON.parse(stdout);
    expect(stderr.split('\n')).toContain(`${pid}`);
    // It was killed; the process that has adopted it may take a moment to reap it.
    await until('it has gone', () => !existsSync(`/proc/${pid}/exe`));
  });

  test('an app that ends on SIGINT in its own way', async () => {
    const script = 'process.on("SIGINT", () => process.exit(7)); setInterval(() => {}, 100)';
    expect((await check([node, '-e', script], { seconds: 1 })).ending).toMatch(
      /was ended by SIGINT: exit code 7\.$/,
    );
  });

  test('an app that ignores SIGINT is killed', async () => {
    const script = 'process.on("SIGINT", () => {}); setInterval(() => {}, 100)';
    expect((await check([node, '-e', script], { seconds: 1 })).ending).toMatch(
      /did not end within 10 s of SIGINT, and was killed\.$/,
    );
  });

  test('an app that ends immediately, and a program that is not there', async () => {
    const ended = await schedhint(['check', '--', node, '-e', '']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /ended without a signal from here: exit code 0\.\n.*ERR_SCHEDHINT_(PROCESS_ENDED|NO_PROCESS): /s,
    );
    const missing = await schedhint(['check', '--', '/nowhere/node']);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(
      /ERR_SCHEDHINT_APP_START: starting \/nowhere\/node failed \(ENOENT\)/,
    );
  });
});
