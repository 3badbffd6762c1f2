import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../../rig/bpffs.js';
import { describeOnKernel } from '../../rig/kernel-support.js';
import { Observer } from '../../rig/observer-process.js';
import { until } from '../../rig/until.js';
import { Project } from '../install/project.js';
import { nodeBinaries } from '../node-versions/node-binaries.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

interface Preload {
  readonly execArgv?: string[];
  readonly nodeOptions?: string;
}

/** Ways to load schedhint/register before an application. */
const PRELOADS: Record<string, Preload> = {
  '`--require`': { execArgv: ['--require', 'schedhint/register'] },
  '`--import`': { execArgv: ['--import', 'schedhint/register'] },
  "`NODE_OPTIONS='--require …'`": { nodeOptions: '--require schedhint/register' },
  "`NODE_OPTIONS='--import …'`": { nodeOptions: '--import schedhint/register' },
};

/** What an `--import` alone changes: it is the ES module loader that then runs the application. */
const IMPORT_OF_NOTHING: Preload = { execArgv: ['--import', 'data:text/javascript,'] };

/**
 * Which threads are reached by which. `default map`: the worker publishes, but to the default pin,
 * since its environment lacks SCHEDHINT_MAP. docs/register.md has this table.
 */
const MATRIX = `
|                                | main thread | worker | \`eval\` worker | \`execArgv\` worker | \`env: {}\` worker |
| ------------------------------ | ----------- | ------ | ------------- | ----------------- | ---------------- |
| \`--require\`                    | yes         | yes    | yes           | no                | default map      |
| \`--import\`                     | yes         | yes    | no            | no                | default map      |
| \`NODE_OPTIONS='--require …'\`   | yes         | yes    | yes           | yes               | no               |
| \`NODE_OPTIONS='--import …'\`    | yes         | yes    | no            | yes               | no               |
`.trim();

const [, , ...rows] = MATRIX.split('\n').map((line) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim()),
) as [string[], string[], ...string[][]];
const KINDS = ['main', 'file', 'eval', 'execArgv', 'env: {}'];

function start(
  node: string,
  program: string,
  { execArgv = [], nodeOptions = '' }: Preload,
  env: NodeJS.ProcessEnv,
  args: string[] = [],
  cwd = root,
) {
  const file = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
  return spawn(node, [...execArgv, file, ...args], {
    cwd, // where schedhint/register is found
    env: { ...process.env, NODE_OPTIONS: nodeOptions, ...env },
  });
}

describeOnKernel('what a preload reaches', () => {
  let bpffs: Bpffs;
  let observer: Observer;
  let map: string;
  let project: Project;
  beforeAll(async () => {
    project = Project.create();
    bpffs = mountBpffs();
    map = `${bpffs.path}/schedhint`;
    observer = await Observer.start(map);
  });
  afterAll(async () => {
    await observer?.stop();
    bpffs?.unmount();
    project?.remove();
  });

  /** What is packed differs from the checkout in its files alone: one Node.js shows that. */
  const places = [
    ...nodeBinaries().map((node) => ({ ...node, from: 'the checkout', cwd: () => root })),
    { ...nodeBinaries()[0]!, from: 'the packed tarballs', cwd: () => project.path },
  ];

  describe.each(places)('in Node.js $version, from $from', ({ path, cwd }) => {
    test.each(rows)(
      '%s: main %s, worker %s, eval %s, execArgv %s, env: {} %s',
      async (preload, ...expected) => {
        const env = { SCHEDHINT_MAP: map };
        const child = start(path, 'threads.cjs', PRELOADS[preload!]!, env, [], cwd());
        let errors = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          errors += text;
        });
        const closed = once(child, 'close');
        const threads = new Map<string, { tid: number; registered: boolean }>();
        for await (const line of createInterface({ input: child.stdout })) {
          const { kind, ...thread } = JSON.parse(line);
          threads.set(kind, thread);
          if (threads.size === KINDS.length) break;
        }
        expect(threads.size, errors).toBe(KINDS.length);
        const observed = async () =>
          new Map(
            (await observer.threads())
              .filter((thread) => thread.tgid === child.pid && thread.kind === 'js')
              .map((thread) => [thread.tid, thread.gcCount]),
          );
        const reached = (counts: Map<number, number>) =>
          KINDS.map((kind) => {
            const { tid, registered } = threads.get(kind)!;
            if ((counts.get(tid) ?? 0) > 0) return 'yes';
            return registered ? 'default map' : 'no';
          });
        // Seen when a thread next leaves its CPU, which it does on its way to sleep.
        await until('those that are reached have been seen', async () => {
          const now = reached(await observed());
          return expected.every((cell, i) => cell !== 'yes' || now[i] === 'yes');
        });
        expect(reached(await observed())).toEqual(expected);
        child.stdin.end();
        expect(await closed).toEqual([0, null]);
        expect(errors).toBe('');
      },
    );
  });
});

// A --require of the command line does not reach a worker with its own execArgv.
test.each(nodeBinaries())('workers not reached are in the status: Node.js $version', ({ path }) => {
  const file = fileURLToPath(new URL('programs/unreached.cjs', import.meta.url));
  const args = ['--require', 'schedhint/register', file];
  const env = { ...process.env, NODE_OPTIONS: '', SCHEDHINT_MAP: '/nonexistent/schedhint' };
  expect(execFileSync(path, args, { cwd: root, env, encoding: 'utf8' })).toBe('0 2 0\n');
});

test('docs/register.md has the table that is tested here', () => {
  const text = readFileSync(new URL('../../../docs/register.md', import.meta.url), 'utf8');
  expect(text).toContain(MATRIX);
});

describe('an application does not notice', () => {
  const ENDINGS = [
    'nothing',
    'exit',
    'exitCode',
    'throw',
    'reject',
    'signal',
    'worker',
    'exitWithWorker',
  ];
  const MAPS = {
    'no map': '/nonexistent/schedhint',
    'a map that is a file': '/etc/passwd',
    'a relative path': 'no/such/map',
    'an empty path': '',
  };

  async function outcome(preload: Preload, ending: string, map: string) {
    const env = { SCHEDHINT_MAP: map };
    const child = start(process.execPath, 'endings.cjs', preload, env, [ending]);
    const outputs = ['', ''];
    [child.stdout, child.stderr].forEach((stream, i) => {
      stream.setEncoding('utf8').on('data', (text: string) => {
        outputs[i] += text;
      });
    });
    const [code, signal] = await once(child, 'close');
    return { code, signal, stdout: outputs[0], stderr: outputs[1] };
  }

  test.each(ENDINGS)('ending: %s', async (ending) => {
    const plain = await outcome({}, ending, '');
    const imported = await outcome(IMPORT_OF_NOTHING, ending, '');
    for (const [name, preload] of Object.entries(PRELOADS)) {
      const expected = name.includes('--import') ? imported : plain;
      expect(await outcome(preload, ending, '/nonexistent/schedhint'), name).toEqual(expected);
    }
  });

  test.each(Object.entries(MAPS))('%s', async (_, map) => {
    const plain = await outcome({}, 'worker', map);
    expect(plain).toMatchObject({ code: 0, stdout: 'worker exited with 1\n' });
    expect(await outcome(PRELOADS['`--require`']!, 'worker', map)).toEqual(plain);
  });
});
