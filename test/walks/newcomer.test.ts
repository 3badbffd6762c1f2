// A newcomer's walk: the commands of the README, word for word and in their order, from a verdict to an app that the kernel's reader sees.
// In an empty folder, as somebody without privileges but for sudo. Only this is made up: the registry has the packed packages, sudo is
// root itself, and /run and /sys/fs/bpf are new, in a mount namespace.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { blocksOf } from '../docs/pages.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Registry, startRegistry } from './registry.js';

const NOBODY = 65534;
const APP = `
let kept = [];
setInterval(() => {
  kept = Array.from({ length: 50_000 }, (_, i) => ({ i }));
}, 10);
`;
const VERDICTS =
  /^(quota|neighbours|gc|threadpool|threads|memory|steal|own code|nothing wrong) {2,}\S/m;

/** The commands of the README, without its comments. */
const commands = blocksOf('README.md')
  .filter(({ language }) => language === 'sh')
  .flatMap(({ code }) => code.split('\n'))
  .map((line) => line.replace(/\s#.*/, '').trim())
  .filter((line) => line !== '');

test('none of its commands opens more than a new folder to anybody', () => {
  const loose = commands.filter((line) =>
    /\/sys\/fs\/bpf|chmod|chgrp|chown|0?666|0?777/.test(line),
  );
  expect(loose).toEqual([]);
});

describeOnKernel('the README alone', () => {
  let scratch: string;
  let folder: string;
  let namespace: ChildProcess;
  let registry: Registry;
  const running = new Map<ChildProcess, Promise<unknown>>();

  beforeEach(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'schedhint-newcomer-'));
    chmodSync(scratch, 0o755);
    folder = join(scratch, 'app');
    for (const home of [folder, join(scratch, 'home')]) {
      mkdirSync(home);
      chownSync(home, NOBODY, NOBODY);
    }
    registry = await startRegistry(join(scratch, 'tarballs'));
    // As systemd mounts them. They are held by a process that ends with its stdin.
    const mounts = [
      'mount -t tmpfs -o mode=0755 tmpfs /run',
      'mount -t bpf -o mode=0700 bpf /sys/fs/bpf',
    ];
    namespace = spawn(
      'unshare',
      ['--mount', 'sh', '-c', [...mounts, 'echo mounted', 'exec cat'].join(' && ')],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const [said] = await once(namespace.stdout!, 'data');
    expect(String(said)).toBe('mounted\n');
  });
  afterEach(async () => {
    for (const [child, closed] of running) {
      // And what it has started.
      if (child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid!, 'SIGTERM');
      }
      await closed;
    }
    running.clear();
    const ended = once(namespace, 'close');
    namespace.stdin!.end();
    await ended;
    registry.stop();
    rmSync(scratch, { recursive: true });
  });

  const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

  /** What the user's own shell puts in before sudo gets the command. */
  const substituted = (command: string) =>
    command.replaceAll(/\$\([^)]*\)/g, (words) =>
      execFileSync('setpriv', [...user, 'sh', '-c', `echo ${words}`], { encoding: 'utf8' }).trim(),
    );

  /** With sudo as root, else as the user no one. */
  function start(line: string): ChildProcess {
    const asRoot = line.startsWith('sudo ');
    const command = asRoot ? substituted(line) : line;
    const words = [
      ...['nsenter', `--mount=/proc/${namespace.pid}/ns/mnt`],
      ...(asRoot ? [] : ['setpriv', ...user]),
      ...['bash', '-c', `cd '${folder}' && exec env ${command.replace(/^sudo /, '')}`],
    ];
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      HOME: join(scratch, asRoot ? 'root' : 'home'),
      npm_config_registry: registry.url,
    };
    for (const name of Object.keys(env)) {
      if (/^(SCHEDHINT|NODE_OPTIONS$|npm_(?!config_registry))/.test(name)) delete env[name];
    }
    const child = spawn(words[0]!, words.slice(1), {
      env,
      detached: true, // its own process group
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.set(child, once(child, 'close'));
    return child;
  }

  /** @returns what it has printed */
  async function finish(command: string): Promise<string> {
    const child = start(command);
    const printed = await text(child.stdout!);
    await running.get(child);
    expect({ command, code: child.exitCode }).toEqual({ command, code: 0 });
    return printed;
  }

  test('leads to a verdict, and to an app whose collections the kernel sees', async () => {
    const [check, install, place, top, app] = commands as [string, string, string, string, string];
    expect(commands).toEqual([
      expect.stringMatching(/^npx schedhint check -- node app\.js$/),
      expect.stringMatching(/^npm i schedhint/),
      expect.stringMatching(/^sudo sh -c "mkdir /),
      expect.stringMatching(/^sudo npx schedhint top\b/),
      expect.stringMatching(/ node app\.js$/),
    ]);

    writeFileSync(join(folder, 'app.js'), APP);
    const verdict = await finish(check);
    expect(verdict).toMatch(/^schedhint check: process \d+ \(node\)/);
    expect(verdict).toMatch(VERDICTS);
    expect(verdict).toContain('This process watches its stalls');

    await finish(install);
    await finish(place);
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
