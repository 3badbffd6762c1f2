// Who may write a pin decides whose hints are in its map. A reader that acts on them, or answers, takes over no pin that every
// user may write, or that another user owns, unless it is asked to. Making such a pin is said, once.

import { chmodSync, chownSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { describeForeignPins, OTHER, observe } from './foreign-pin.js';

const permissions = (path: string) => {
  const { mode, uid, gid } = statSync(path);
  return { mode: (mode & 0o777).toString(8), uid, gid };
};

describeForeignPins(
  'observer',
  fileURLToPath(new URL('../../observer/build/observer', import.meta.url)),
);

describeOnKernel('the pin that an observer makes', () => {
  let bpffs: Bpffs;
  let pin: string;

  beforeEach(() => {
    bpffs = mountBpffs();
    pin = `${bpffs.path}/hints`;
  });
  afterEach(() => bpffs?.unmount());

  test('a pin that every user may write is made, and what that allows is said once', async () => {
    const { code, stderr } = await observe(pin, '--mode', '0666');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^observer: \S+ may be written by every user of this machine.*any thread.*--group.*\n$/,
    );
    expect(await observe(pin, '--mode', '0660')).toMatchObject({ code: 0, stderr: '' });
  });

  test('--group: the pin is the group’s, and no other may open it', async () => {
    const made = await observe(pin, '--keep-pin', '--group', String(OTHER));
    expect(made).toMatchObject({ stderr: '' });
    expect(permissions(pin)).toEqual({ mode: '660', uid: 0, gid: OTHER });
  });

  test('that is said too of a pin that was there and is opened to all', async () => {
    await observe(pin, '--keep-pin');
    expect((await observe(pin, '--mode', '0666')).stderr).toMatch(
      /^observer: \S+ may be written by every user of this machine/,
    );
  });

  test('--group: a pin that is there becomes the group’s', async () => {
    const { mapId } = await observe(pin, '--keep-pin');
    expect(permissions(pin).mode).toBe('600');
    expect(await observe(pin, '--group', String(OTHER))).toEqual({ mapId, code: 0, stderr: '' });
    expect(permissions(pin)).toEqual({ mode: '660', uid: 0, gid: OTHER });
  });

  test('--group: a directory that the group may not pass is named, with the way out', async () => {
    const group = String(OTHER);
    chmodSync(bpffs.path, 0o700);
    const { code, stderr } = await observe(pin, '--group', group);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      `observer: group ${group} cannot reach ${pin}: ${bpffs.path} has mode 0700 and group 0.`,
    );
    expect(stderr).toMatch(`mount -t bpf -o mode=0750,gid=${group} bpf DIRECTORY`);
    chmodSync(bpffs.path, 0o750);
    chownSync(bpffs.path, 0, OTHER);
    expect(await observe(pin, '--group', group)).toMatchObject({ code: 0, stderr: '' });
  });

  test('an observer that only watches takes any', async () => {
    const { mapId } = await observe(pin, '--keep-pin', '--mode', '0666');
    expect(await observe(pin, '--no-feedback')).toEqual({ mapId, code: 0, stderr: '' });
    expect(await observe(pin, '--trust-pin')).toEqual({ mapId, code: 0, stderr: '' });
  });
});
