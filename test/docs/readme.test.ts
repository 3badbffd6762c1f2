// A stranger's path: what the README says, in its order: a verdict, then the app's collections are visible. From an
// empty folder, as somebody without privileges but for sudo, with the packed tarballs in the place of the
// packages' names. Nothing else of the commands is changed: what they see at /sys/fs/bpf is a bpffs as
// systemd mounts it, for which they get a mount namespace.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pack } from '../../scripts/pack.mjs';
import { describeOnKernel } from '../rig/kernel-support.js';
import { blocksOf } from './pages.js';

const NOBODY = 65534;
const APP = `
let kept = [];
setInterval(() => {
  kept = Array.from({ length: 50_000 }, (_, i) => ({ i }));
}, 10);
`;

/** The commands of the README, without its comments. */
const commands = blocksOf('README.md')
  .filter(({ language }) => language === 'sh')
  .flatMap(({ code }) => code.split('\n'))
  .map((line) => line.replace(/\s#.*/, '').trim())
  .filter((line) => line !== '');

describeOnKernel('the README alone', () => {
  let scratch: string;
  let folder: string;
  let namespace: ChildProcess;
  const running = new Map<ChildProcess, Promise<unknown>>();

  beforeEach(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'schedhint-readme-'));
    chmodSync(scratch, 0o755);
    folder = mkdtempSync(join(scratch, 'app-'));
    chownSync(folder, NOBODY, NOBODY);
    // It is held by a process that ends with its stdin.
    const mount = 'mount -t bpf -o mode=0700 bpf /sys/fs/bpf && echo mounted && exec cat';
    namespace = spawn('unshare', ['--mount', 'sh', '-c', mount], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [said] = await once(namespace.stdout!, 'data');
    expect(String(said)).toBe('mounted\n');
  });
  afterEach(async () => {
    for (const [child, closed] of running) {
      // All that it has started, too.
      if (child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid!, 'SIGTERM');
      }
      await closed;
    }
    running.clear();
    const ended = once(namespace, 'close');
    namespace.stdin!.end();
    await ended;
    rmSync(scratch, { recursive: true });
  });

  const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

  /** What the user's own shell puts in before sudo gets the command. */
  const substituted = (command: string) =>
    command.replaceAll(/\$\([^)]*\)/g, (words) =>
      execFileSync('setpriv', [...user, 'sh', '-c', `echo ${words}`], { encoding: 'utf8' }).trim(),
    );

  /** As whoever reads the README would: with sudo as root, else as nobody. */
  function start(line: string): ChildProcess {
    const asRoot = line.startsWith('sudo ');
    const command = asRoot ? substituted(line) : line;
    const words = [
      ...['nsenter', `--mount=/proc/${namespace.pid}/ns/mnt`],
      ...(asRoot ? [] : ['setpriv', ...user]),
      ...['bash', '-c', `cd '${folder}' && exec env ${command.replace(/^sudo /, '')}`],
    ];
    const env = { ...process.env };
    delete env.SCHEDHINT_MAP;
    delete env.SCHEDHINT_BROKER;
    delete env.NODE_OPTIONS;
    const child = spawn(words[0]!, words.slice(1), {
      env,
      detached: true, // a process group of its own
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.set(child, once(child, 'close'));
    return child;
  }

  async function finish(command: string): Promise<void> {
    const child = start(command);
    child.stdout!.resume();
    await running.get(child);
    expect({ command, code: child.exitCode }).toEqual({ command, code: 0 });
  }

  test('leads to an app whose collections are visible, in six commands at most', async () => {
    expect(commands.length).toBeLessThanOrEqual(6);
    const [install, check, access, top, app] = commands as [string, string, string, string, string];
    expect(commands).toEqual([
      expect.stringMatching(/^npm i /),
      expect.stringMatching(/^npx schedhint check -- node app\.js$/),
      expect.stringMatching(/^sudo sh -c "chgrp \$\(id -g\) \/sys\/fs\/bpf && /),
      expect.stringMatching(/^sudo npx schedhint top\b/),
      expect.stringMatching(/ node app\.js$/),
    ]);

    // Those that the registry will have, and those that they ask of each other.
    const tarballs = pack(join(scratch, 'tarballs'));
    const named = install.split(' ').slice(2);
    expect(tarballs.map(({ name }) => name)).toEqual(expect.arrayContaining(named));
    const paths = tarballs.map(({ filename }) => join(scratch, 'tarballs', filename));
    // npm's settings and cache are root's here.
    await finish(`sudo npm i --prefer-offline --no-audit --no-fund ${paths.join(' ')}`);
    writeFileSync(join(folder, 'app.js'), APP);
    const checked = start(check);
    expect(await text(checked.stdout!)).toMatch(
      /^schedhint check: process \d+ \(node\).*\n[\s\S]*This process watches its stalls/,
    );
    await running.get(checked);
    expect(checked.exitCode).toBe(0);
    await finish(access);
    const shown = start(top);
    const lines = createInterface({ input: shown.stdout! });
    const node = start(app);

    let titles: string[] = [];
    let row: string[] = [];
    for await (const line of lines) {
      const cells = line.replace('GC NOW', 'GC_NOW').trim().split(/ +/);
      if (cells[0] === 'PID') titles = cells;
      if (cells[0] !== String(node.pid)) continue;
      row = cells;
      if (Number(row[titles.indexOf('GC/s')]) > 0) break;
    }
    expect(Number(row[titles.indexOf('GC/s')])).toBeGreaterThan(0);
    expect(row[titles.indexOf('PROCESS')]).toBe('app.js');
  });
});
