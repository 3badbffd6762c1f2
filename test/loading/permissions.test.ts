// Node.js's permission model, with every subset of the permissions that it has: an app that may do little must not
// break because of hints.

import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeBinaries } from '../node-versions/node-binaries.js';
import { Installed } from './installed.js';
import { printed, runNode } from './run-node.js';
import { subsets } from './subsets.js';

let installed: Installed;
beforeAll(() => {
  installed = Installed.create();
});
afterAll(() => {
  installed?.remove();
});

/** The options that grant something, and the one that turns the model on. */
async function permissionsOf(node: string): Promise<{ model: string; grants: string[] }> {
  const program = 'console.log(JSON.stringify([...process.allowedNodeEnvironmentFlags]))';
  const options = JSON.parse((await runNode(['-e', program], { node })).stdout) as string[];
  return {
    model: options.includes('--permission') ? '--permission' : '--experimental-permission',
    grants: options.filter((option) => option.startsWith('--allow-')).sort(),
  };
}

/** What the calls of the packages need. The others make no difference to them, so they are granted together or not. */
const OURS = ['--allow-addons', '--allow-fs-read', '--allow-worker'];

/** Every subset of all that there are is 2,048 of them in Node.js 26: on request. */
function subsetsOf(grants: readonly string[]): string[][] {
  if (process.env.EVERY_PERMISSION === '1') return subsets(grants);
  const others = grants.filter((grant) => !OURS.includes(grant));
  return subsets(OURS).flatMap((ours) => [ours, [...ours, ...others]]);
}

/** As many at a time as there are CPUs. */
async function forEach<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const take = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await act(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, take));
}

describe.each(nodeBinaries())('in Node.js $version', ({ path }) => {
  const run = (args: readonly string[]) => runNode(args, { node: path, cwd: installed.path });

  /** Of `fs-read` and `fs-write` what is granted is a path: all paths here, without it the app's directory alone. */
  function optionsFor(model: string, granted: readonly string[]): string[] {
    const options = granted.map((grant) =>
      /-fs-(read|write)$/.test(grant) ? `${grant}=*` : grant,
    );
    const own = granted.includes('--allow-fs-read') ? [] : [`--allow-fs-read=${installed.path}/`];
    return ['--no-warnings', model, ...options, ...own];
  }

  test('an app and a preload do what they do without hints, whatever is granted', async () => {
    const { model, grants } = await permissionsOf(path);
    expect(grants.length).toBeGreaterThanOrEqual(6);
    const sets = subsetsOf(grants);
    let forbidden = 0;
    await forEach(sets, async (granted) => {
      const options = optionsFor(model, granted);
      const what = options.join(' ');
      const app = ['--require', 'schedhint/register', 'app.mjs'];
      const said = printed(await run([...options, ...app]));
      if (granted.includes('--allow-addons')) {
        expect(said, what).toMatchObject({ source: 'v8', code: 'ERR_MAP_NOT_FOUND' });
      } else {
        forbidden++;
        expect(said, what).toMatchObject({
          source: 'none',
          code: 'ERR_ADDON_LOAD',
          reason: 'the permission model forbids addons: run node with --allow-addons',
          observers: 0,
          statusCalls: 0,
          statusIsSame: true,
        });
      }
      expect(said.worker, what).toBe(granted.includes('--allow-worker') ? 'hinted' : 'forbidden');
    });
    expect(forbidden).toBe(sets.length / 2);
  });
});
