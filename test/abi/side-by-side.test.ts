import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { blocksOf } from '../docs/pages.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type ObservedThread, Observer } from '../rig/observer-process.js';
import { until } from '../rig/until.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const GARBAGE = 'setInterval(() => Array.from({ length: 1e5 }, (_, i) => ({ i })), 10)';
const APPS = {
  c: ['examples/c/build/app'],
  python: ['python3', 'examples/python/app.py'],
  node: [process.execPath, '--require', 'schedhint/register', '--eval', GARBAGE],
};
const Runtime = { c: 0x8000, python: 2, node: 1 };
const THREADS = { c: 2, python: 2, node: 1 };
const Role = { main: 1, worker: 2 };

describeOnKernel('processes in C, Python and Node.js, side by side', () => {
  let bpffs: Bpffs;
  const children: ChildProcess[] = [];

  beforeAll(() => {
    bpffs = mountBpffs();
  });
  afterAll(() => bpffs?.unmount());
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    }
  });

  function start(command: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const child = spawn(command[0]!, command.slice(1), {
      cwd: root,
      env: { ...process.env, SCHEDHINT_BROKER: '', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  }

  test('under the observer: each has its threads, roles, runtime and collections', async () => {
    const map = `${bpffs.path}/hints`;
    const observer = await Observer.start(map);
    try {
      const pids = Object.fromEntries(
        Object.entries(APPS).map(([name, command]) => [
          name,
          start(command, { SCHEDHINT_MAP: map }).pid!,
        ]),
      );
      let threads: ObservedThread[] = [];
      const of = (name: string) =>
        threads.filter(({ tgid, kind }) => tgid === pids[name] && kind === 'js');
      await until(
        'all threads are bound, and one of each process has collected',
        async () => {
          threads = await observer.threads();
          return Object.entries(THREADS).every(
            ([name, count]) =>
              of(name).length === count && of(name).some(({ gcCount }) => gcCount > 0),
          );
        },
        () => threads,
      );
      for (const [name, runtime] of Object.entries(Runtime)) {
        for (const thread of of(name)) expect(thread, name).toMatchObject({ runtime });
      }
      const urgencies = (name: string) =>
        of(name)
          .map(({ hints: { role, urgency } }) => ({ role, urgency }))
          .sort((a, b) => a.role - b.role);
      expect(urgencies('python')).toEqual([
        { role: Role.main, urgency: 768 },
        { role: Role.worker, urgency: 256 },
      ]);
      expect(urgencies('c')).toEqual([
        { role: Role.main, urgency: 768 },
        { role: Role.worker, urgency: 256 },
      ]);
      expect(urgencies('node')).toEqual([{ role: Role.main, urgency: 0 }]);
    } finally {
      await observer.stop();
    }
  });

  test("in one `schedhint top`, by the commands of the example's page", async () => {
    const [block] = blocksOf('examples/python/README.md').filter(
      ({ language }) => language === 'sh',
    );
    // The default pin, in a private bpffs.
    const script = `mount -t bpf bpf /sys/fs/bpf && cd '${root}'\n${block!.code}`;
    const child = start(['unshare', '--mount', 'bash', '-c', script], { SCHEDHINT_MAP: '' });
    let text = '';
    child.stdout!.setEncoding('utf8').on('data', (part: string) => (text += part));
    await once(child, 'close');
    const tables = text.trimEnd().split('\n\n');
    expect(tables).toHaveLength(5);
    const last = tables.at(-1)!;
    expect(last).toMatch(/3 threads of 2 process/);
    expect(last).toMatch(/ app\.py +\d+ \S+ +main +cpython .* 768 /);
    expect(last).toMatch(/ app\.py +\d+ \S+ +worker +cpython .* 256 /);
    expect(last).toMatch(/ node +\d+ \S+ +main +v8 /);
  });
});
