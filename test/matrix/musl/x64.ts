// x64.ts WHAT: the packed packages, installed, under the Node.js for musl on this kernel, whose reader judges.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { prebuildMusl } from '../../../scripts/prebuild-musl.mjs';
import { Project } from '../../packaging/install/project.js';
import { muslNode } from '../../packaging/musl/musl-node.js';
import { LineProcess } from '../../rig/json-lines-process.js';
import { type KernelReader, type RowResult, runRow } from '../row.js';

interface Told {
  readonly tid: number;
  readonly source: string;
  readonly state: string;
  readonly urgency: number;
}

const ROWS: Record<string, (app: LineProcess, reader: KernelReader) => Promise<string>> = {
  async preload(app, reader) {
    await app.next();
    const { gcCount } = await reader.thread(
      'a collection of the main thread',
      (thread) => thread.tid === app.pid && thread.gcCount > 0,
    );
    assert.deepEqual(await app.end(), { code: 0, rest: [], stderr: '' });
    return `the kernel saw ${gcCount} collections or more of an app that knows nothing of hints`;
  },

  async workers(app, reader) {
    const threads = (await app.next()).threads as Told[];
    assert.equal(threads.length, 4);
    const counts: number[] = [];
    for (const { tid, source, state, urgency } of threads) {
      assert.deepEqual({ source, state }, { source: 'v8', state: 'bound' });
      const seen = await reader.thread(
        `urgency ${urgency} and collections of ${tid}`,
        (thread) => thread.tid === tid && thread.hints.urgency === urgency && thread.gcCount > 0,
      );
      counts.push(seen.gcCount);
    }
    app.send('terminate');
    assert.deepEqual(await app.next(), { terminated: 3, state: 'bound' });
    assert.deepEqual(await app.end(), { code: 0, rest: [], stderr: '' });
    return `main thread and 3 workers: urgency ${threads.map(({ urgency }) => urgency).join(', ')}, source v8, ${counts.join(', ')} collections; terminated, exit 0`;
  },

  async terminate(app, reader) {
    const { terminated } = await app.next();
    await reader.thread(
      'the main thread, still bound',
      (thread) => thread.tid === app.pid && thread.hints.urgency === 900 && !thread.exited,
    );
    const { code, stderr } = await app.end();
    assert.deepEqual({ code, stderr }, { code: 7, stderr: '' });
    return `${terminated} workers terminated while they attached and collected, then process.exit(7) beside 3 that did: exit code 7`;
  },
};
const PROGRAMS: Record<string, string[]> = {
  preload: ['--require', 'schedhint/register', 'plain.cjs'],
  workers: ['workers.cjs'],
  terminate: ['terminate.cjs'],
};

await runRow(async (reader): Promise<RowResult> => {
  const what = process.argv[2]!;
  prebuildMusl();
  const project = Project.create(new URL('../../packaging/musl/programs', import.meta.url));
  try {
    const [command, ...node] = muslNode();
    const version = execFileSync(command!, [...node, '--version'], { encoding: 'utf8' }).trim();
    const app = new LineProcess(command!, [...node, ...PROGRAMS[what]!], {
      cwd: project.path,
      env: { SCHEDHINT_MAP: reader.map, SCHEDHINT_BROKER: '', NODE_OPTIONS: '' },
    });
    try {
      return {
        versions: `Node.js ${version} for musl 1.2.5`,
        found: await ROWS[what]!(app, reader),
      };
    } finally {
      await app.kill();
    }
  } finally {
    project.remove();
  }
});
