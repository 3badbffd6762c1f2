// What a reader that acts on hints must do with a pin that others may write: the cases, for each reader.

import { chmodSync, chownSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { LineProcess } from '../rig/json-lines-process.js';
import { describeOnKernel } from '../rig/kernel-support.js';

const OBSERVER = fileURLToPath(new URL('../../observer/build/observer', import.meta.url));
/** A user and a group that own nothing else. */
export const OTHER = 65534;

/** Runs the observer from its ready line to its end. */
export async function observe(pin: string, ...options: string[]) {
  const child = new LineProcess(OBSERVER, ['--pin', pin, '--interval', '0', ...options]);
  const ready = await child.next();
  const { code, stderr } = await child.end();
  return { mapId: ready.mapId, code, stderr };
}

/** What a program says that ends soon. */
async function refusal(program: string, pin: string, ...options: string[]) {
  const { code, stderr } = await new LineProcess(program, ['--pin', pin, ...options]).end();
  return { failed: code !== 0, stderr };
}

/** @param name as the program calls itself */
export function describeForeignPins(name: string, program: string) {
  describeOnKernel(`the owner of a pin: ${name}`, () => {
    let bpffs: Bpffs;
    let pin: string;

    beforeEach(() => {
      bpffs = mountBpffs();
      pin = `${bpffs.path}/hints`;
    });
    afterEach(() => bpffs?.unmount());

    test.each<[string, () => void, RegExp]>([
      ['every user may write', () => chmodSync(pin, 0o666), /mode 0666, of user 0/],
      ['another user owns', () => chownSync(pin, OTHER, 0), /mode 0600, of user 65534/],
    ])('a pin that %s is refused, unless it is trusted', async (_, open, found) => {
      await observe(pin, '--keep-pin');
      open();
      const refused = await refusal(program, pin);
      expect(refused).toMatchObject({
        failed: true,
        stderr: expect.stringMatching(new RegExp(`^${name}: .*${found.source}.*--trust-pin`)),
      });
      expect(refused.stderr).toMatch(new RegExp(`rm ${pin}`));
      // The scheduler may fail later, where the kernel has no sched_ext.
      const { stderr } = await refusal(program, pin, '--trust-pin');
      expect(stderr).not.toContain('--trust-pin');
    });

    test('a pin of a group is taken', async () => {
      await observe(pin, '--keep-pin', '--group', String(OTHER));
      expect((await refusal(program, pin)).stderr).not.toContain('--trust-pin');
    });
  });
}
