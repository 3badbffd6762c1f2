// `schedhint why`: what it says of real processes, and what to do where it may not look at one.

import {
  type ChildProcess,
  execFileSync,
  type SpawnOptions,
  spawn,
  spawnSync,
} from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nodeBinaries } from '../../packaging/node-versions/node-binaries.js';
import { installSchedhint } from '../../rig/installed-packages.js';
import { LineProcess } from '../../rig/json-lines-process.js';
import { until } from '../../rig/until.js';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** In a copy that every user may read, as the checkout may not be. */
let bin: string;
const STRANGER = 65_534;

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-why-'));
  bin = installSchedhint(scratch);
});
afterAll(() => rmSync(scratch, { recursive: true }));

const apps: ChildProcess[] = [];
afterEach(() => {
  for (const app of apps.splice(0)) app.kill('SIGKILL');
});

/** A process of Node.js that runs this script. */
function start(script: string, options: SpawnOptions = {}): number {
  const app = spawn(process.execPath, ['-e', script], { stdio: 'ignore', cwd: '/', ...options });
  apps.push(app);
  return app.pid!;
}

/** Runs the command, under another one. */
function why(args: readonly string[], through: readonly string[] = []) {
  const [program, ...rest] = [...through, process.execPath, bin, 'why', ...args];
  const env = { ...process.env, NODE_OPTIONS: '' };
  return spawnSync(program!, rest, { encoding: 'utf8', env });
}

function json(pid: number) {
  const { status, stdout, stderr } = why(['--pid', `${pid}`, '--seconds', '1', '--json']);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as {
    account: string;
    summary: string[];
    threads: { tid: number; role: string; cpuMs: number; noCpuMs: number }[];
  };
}

describe('a process', () => {
  test.each(nodeBinaries())('the roles of its threads, in Node.js $version', async ({ path }) => {
    const app = new LineProcess(path, [file('programs/threads.cjs')]);
    try {
      const { tid } = await app.next();
      const { threads } = json(app.pid);
      const having = (role: string) => threads.filter((one) => one.role === role);
      expect(having('main').map((one) => one.tid)).toEqual([app.pid]);
      expect(having('worker').map((one) => one.tid)).toEqual([tid]);
      expect(having('v8')).toHaveLength(5);
      expect(having('libuv')).toHaveLength(4);
      // The hashes are computed in the pool alone.
      const computing = threads.filter(({ cpuMs }) => cpuMs > 100);
      for (const { role } of computing) expect(role).toBe('libuv');
    } finally {
      await app.kill();
    }
  });

  test('for people: a table, and sentences', async () => {
    const pid = start('for (;;);');
    const { status, stdout } = why(['--pid', `${pid}`, '--seconds', '1']);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^schedhint why \\| ${pid} node `));
    expect(stdout).toMatch(/^ +TID ROLE +NAME +CPU% NO CPU% THROTTLED% SLEEPS\/s PREEMPT\/s$/m);
    expect(stdout).toMatch(/^The main thread was on a CPU \d+\.\d % of 1\.\d s, waited for one /m);
    expect(stdout).toMatch(/^This process does not run schedhint\/register: .*not known/m);
  });

  test('one that watches its stalls: its collections and stalls', async () => {
    const register = file('../../../packages/schedhint/dist/register.cjs');
    const args = ['--expose-gc', '--require', register, file('programs/stalls.cjs')];
    const app = new LineProcess(process.execPath, args, { env: { SCHEDHINT_STALLS: '50,none' } });
    try {
      await app.next();
      const look = spawn(process.execPath, [bin, 'why', '--json', '--pid', `${app.pid}`]);
      let text = '';
      look.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
      await once(look.stderr, 'data');
      app.send('collect 20');
      await app.next();
      app.send('block 3');
      await app.next();
      await once(look, 'close');
      const { account, threads } = JSON.parse(text);
      const { stalls } = threads.find(({ role }: { role: string }) => role === 'main');
      expect(account).toBe('stalls');
      expect(stalls.collections.major).toBe(20);
      expect(stalls.stalls).toBeGreaterThanOrEqual(3);
      expect(stalls.parts.code).toBeGreaterThan(0);
      const { stdout } = why(['--pid', `${app.pid}`, '--seconds', '1']);
      expect(stdout).toMatch(/ GC\/s +GC% STALLS OF WHICH MS$/m);
      expect(stdout).toMatch(/^Collections took .*; no stall was over 50 ms\.$/m);
      expect(stdout).toMatch(/^This process watches its stalls/m);
    } finally {
      await app.kill();
    }
  });

  test('one that runs schedhint and does not watch its stalls', () => {
    const register = file('../../../packages/schedhint/dist/register.cjs');
    const pid = start('for (;;);', {
      env: { ...process.env, NODE_OPTIONS: `--require ${register}` },
    });
    const { stdout } = why(['--pid', `${pid}`, '--seconds', '1']);
    expect(stdout).toMatch(
      /^This process runs schedhint but does not watch its stalls, .*SCHEDHINT_STALLS=50\.$/m,
    );
  });

  test('one that stands still is on no CPU, and waits for none', async () => {
    const pid = start('setInterval(() => {}, 1e6)');
    await until('it has started', () => /epoll/.test(readFileSync(`/proc/${pid}/wchan`, 'latin1')));
    const main = json(pid).threads.find(({ role }) => role === 'main');
    expect(main).toMatchObject({ cpuMs: 0, noCpuMs: 0 });
  });

  test('a page that needs nothing else, whatever a thread is called', async () => {
    const pid = start(`process.title = '<b>&'; for (;;);`);
    await until('it has that name', () => /<b>&/.test(readFileSync(`/proc/${pid}/comm`, 'latin1')));
    const html = join(scratch, 'why.html');
    expect(why(['--pid', `${pid}`, '--seconds', '1', '--html', html]).status).toBe(0);
    const page = readFileSync(html, 'utf8');
    expect(page).toContain('&lt;b&gt;&amp;');
    expect(page).not.toMatch(/<b>|<script|https?:/);
    expect(page.match(/ms on CPU</g)!.length).toBeGreaterThan(2);
    const parsed = spawnSync('xmllint', ['--html', '--noout', html], { encoding: 'utf8' });
    if (parsed.error === undefined) expect(parsed.status).toBe(0);
    else console.warn('not checked: xmllint is missing');
  });

  test('one that ends is shown until then', async () => {
    const pid = start('setTimeout(() => {}, 5000)');
    const { status, stdout } = why(['--pid', `${pid}`, '--seconds', '60']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/\nThe process has ended\.\n$/);
  });

  test('on a terminal: live until q, and then the summary', async () => {
    const pid = start('for (;;);');
    const command = `stty cols 120 rows 20 && exec '${process.execPath}' '${bin}' why --pid ${pid}`;
    const terminal = spawn('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', NO_COLOR: '1', NODE_OPTIONS: '' },
    });
    let text = '';
    terminal.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    await until(
      'there is a table',
      () => text.includes('q quit'),
      () => text,
    );
    terminal.stdin.write('q');
    await until('it has ended', () => terminal.exitCode !== null);
    expect(terminal.exitCode).toBe(0);
    const [live, closing] = text.split('\x1b[?1049l');
    expect(live).toMatch(/TID ROLE .*PREEMPT\/s/);
    expect(closing).toMatch(/The main thread was on a CPU/);
  });
});

describe('what cannot be looked at', () => {
  const needsRoot = process.getuid?.() === 0 ? describe : describe.skip;
  if (needsRoot === describe.skip) console.warn('skipped: why as another user: it needs root');

  test('no such process', () => {
    expect(why(['--pid', '4194304'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^schedhint why: ERR_SCHEDHINT_NO_PROCESS: there is no process 4194304 /,
      ),
    });
  });

  test('no pid, or none', () => {
    expect(why([]).stderr).toMatch(/--pid <pid> is missing/);
    expect(why(['--pid', 'x']).stderr).toMatch(/--pid .* a whole number/);
  });

  needsRoot('as another user', () => {
    const asStranger = ['setpriv', `--reuid=${STRANGER}`, `--regid=${STRANGER}`, '--clear-groups'];
    /** In a mount namespace with another /proc that has such options: a remount would change that of the machine. */
    const withProc = (options: string) => [
      'unshare',
      '--mount',
      'sh',
      '-c',
      `mount -t proc -o ${options} proc /proc && exec "$@"`,
      'sh',
    ];

    test('of the same user: no privilege is needed', async () => {
      const pid = start('for (;;);', { uid: STRANGER, gid: STRANGER });
      const { status, stdout, stderr } = why(['--pid', `${pid}`, '--seconds', '1'], asStranger);
      expect({ status, stderr }).toEqual({
        status: 0,
        stderr: expect.stringMatching(/^looking at/),
      });
      expect(stdout).toMatch(/^The main thread was on a CPU/m);
      expect(stdout).toMatch(/^This process does not run schedhint\/register/m);
    });

    test("another user's: the table, and as which user to run it for the rest", async () => {
      const pid = start('for (;;);');
      const { status, stdout } = why(['--pid', `${pid}`, '--seconds', '1'], asStranger);
      expect(status).toBe(0);
      expect(stdout).toMatch(/^The main thread was on a CPU/m);
      expect(stdout).toMatch(
        /may not look at the descriptors .* run this as its user \(sudo -u '#0'\)/,
      );
    });

    test('in a container of another pid namespace: by the pid that it has here', async () => {
      const register = file('../../../packages/schedhint/dist/register.cjs');
      const app = spawn('unshare', ['--pid', '--fork', process.execPath, '-e', 'for (;;);'], {
        stdio: 'ignore',
        detached: true,
        env: { ...process.env, NODE_OPTIONS: `--require ${register}`, SCHEDHINT_STALLS: '50,none' },
      });
      try {
        const children = `/proc/${app.pid}/task/${app.pid}/children`;
        await until('it has started', () => readFileSync(children, 'latin1') !== '');
        const pid = Number(readFileSync(children, 'latin1'));
        await until('it watches its stalls', () => json(pid).account === 'stalls');
        const main = json(pid).threads.find(({ role }) => role === 'main');
        expect(main).toMatchObject({ tid: pid, stalls: { threadId: 0 } });
      } finally {
        process.kill(-app.pid!, 'SIGKILL');
      }
    });

    test('hidepid=2: it is not visible at all', async () => {
      const pid = start('for (;;);');
      const { status, stderr } = why(
        ['--pid', `${pid}`],
        [...withProc('hidepid=2'), ...asStranger],
      );
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /ERR_SCHEDHINT_NO_PROCESS: .*hidepid.*Run this as the user of the process/,
      );
    });

    test('hidepid=1: it may not be read', async () => {
      const pid = start('for (;;);');
      const { status, stderr } = why(
        ['--pid', `${pid}`],
        [...withProc('hidepid=1'), ...asStranger],
      );
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /ERR_SCHEDHINT_PROCESS_PERMISSION: .*\((EACCES|EPERM)\): \/proc is mounted with hidepid/,
      );
    });
  });
});

test('the help says what is known of which process', () => {
  const help = execFileSync(process.execPath, [bin, 'why', '--help'], { encoding: 'utf8' });
  expect(help).toMatch(/SCHEDHINT_STALLS=50/);
});
