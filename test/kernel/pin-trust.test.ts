// Who may write a pin decides whose hints are in its map. A reader that acts on them, or answers, takes over no pin that every
// user may write, or that another user owns, unless it is asked to. Making such a pin is said, once.

import { chmodSync, chownSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { LineProcess } from '../rig/json-lines-process.js';
import { describeOnKernel } from '../rig/kernel-support.js';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const programs = {
  observer: at('observer/build/observer'),
  // It looks at the pin before it loads anything, so a kernel without sched_ext will do.
  scx_schedhint: at('scheduler/build/scx_schedhint'),
};
const OTHER = 65534;

const permissions = (path: string) => {
  const { mode, uid, gid } = statSync(path);
  return { mode: (mode & 0o777).toString(8), uid, gid };
};

describeOnKernel('the owner of a pin', () => {
  let bpffs: Bpffs;
  let pin: string;

  beforeEach(() => {
    bpffs = mountBpffs();
    pin = `${bpffs.path}/hints`;
  });
  afterEach(() => bpffs?.unmount());

  /** Runs the observer from its ready line to its end. */
  async function observe(...options: string[]) {
    const child = new LineProcess(programs.observer, ['--pin', pin, '--interval', '0', ...options]);
    const ready = await child.next();
    const { code, stderr } = await child.end();
    return { mapId: ready.mapId, code, stderr };
  }

  /** What a program says that ends soon. */
  async function refusal(program: string, ...options: string[]) {
    const { code, stderr } = await new LineProcess(program, ['--pin', pin, ...options]).end();
    return { failed: code !== 0, stderr };
  }

  test('a pin that every user may write is made, and what that allows is said once', async () => {
    const { code, stderr } = await observe('--mode', '0666');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^observer: \S+ may be written by every user of this machine.*any thread.*--group.*\n$/,
    );
    expect(await observe('--mode', '0660')).toMatchObject({ code: 0, stderr: '' });
  });

  test('--group: the pin is the group’s, and no other may open it', async () => {
    expect(await observe('--keep-pin', '--group', String(OTHER))).toMatchObject({ stderr: '' });
    expect(permissions(pin)).toEqual({ mode: '660', uid: 0, gid: OTHER });
  });

  describe.each(Object.entries(programs))('%s', (name, program) => {
    test.each<[string, () => void, RegExp]>([
      ['every user may write', () => chmodSync(pin, 0o666), /mode 0666, of user 0/],
      ['another user owns', () => chownSync(pin, OTHER, 0), /mode 0600, of user 65534/],
    ])('a pin that %s is refused, unless it is trusted', async (_, open, found) => {
      await observe('--keep-pin');
      open();
      const refused = await refusal(program);
      expect(refused).toMatchObject({
        failed: true,
        stderr: expect.stringMatching(new RegExp(`^${name}: .*${found.source}.*--trust-pin`)),
      });
      expect(refused.stderr).toMatch(new RegExp(`rm ${pin}`));
      // The scheduler may fail later, where the kernel has no sched_ext.
      const { stderr } = await refusal(program, '--trust-pin');
      expect(stderr).not.toContain('--trust-pin');
    });

    test('a pin of a group is taken', async () => {
      await observe('--keep-pin', '--group', String(OTHER));
      expect((await refusal(program)).stderr).not.toContain('--trust-pin');
    });
  });

  test('an observer that only watches takes any', async () => {
    const { mapId } = await observe('--keep-pin', '--mode', '0666');
    expect(await observe('--no-feedback')).toEqual({ mapId, code: 0, stderr: '' });
    expect(await observe('--trust-pin')).toEqual({ mapId, code: 0, stderr: '' });
  });
});
