// Attaches with a generated layout to a map whose struct differs: refused with ERR_SCHEDHINT_LAYOUT_MISMATCH and the fields that differ,
// hints stay in private memory, and it binds when a map that matches appears. Unprivileged users get a check of sizes only.

import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { compile, moduleFolder } from '../btf/typescript.js';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { until } from '../rig/until.js';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

interface Where {
  readonly map: string;
  readonly module: string;
  /** 0: as it is */
  readonly user: number;
}

/** Attaches with the generated layout, asks the program, and does a system call for it to answer. */
async function ask({ schedhint, keep, import: load }: Context, { map, module, user }: Where) {
  const { workValue } = (await load(module)) as { workValue: never };
  // Only now, with everything loaded: the sources need not be readable for everyone.
  if (user !== 0) process.setuid!(user);
  const { attachThread, uptr } = schedhint;
  keep.thread = attachThread({ channel: uptr({ map, value: workValue }) });
  keep.hints = keep.thread.blocks.hints;
  keep.hints.level = 42;
  keep.hints.request = 1n;
  process.getuid!();
  return keep.thread.status;
}

/** What the application sees: its own values, and the program's answer. */
function seen({ keep }: Context) {
  process.getuid!();
  const { level, request, answered } = keep.hints;
  return { state: keep.thread.status.state, level, request, answered };
}

describeOnKernel("a layout and the map's types", () => {
  let bpffs: Bpffs;
  let folder: string;
  let reader: BpfReader | undefined;
  let node: NodeProcess;
  const where = (user = 0): Where => ({
    map: `${bpffs.path}/workmap`,
    module: pathToFileURL(join(folder, 'js/layouts.js')).href,
    user,
  });

  beforeAll(() => {
    folder = moduleFolder();
    bpffs = mountBpffs();
    const object = at('../rig/bpf/build/work_hints.bpf.o');
    const command = at('../../packages/schedhint/bin/schedhint.js');
    const output = join(folder, 'layouts.ts');
    execFileSync(process.execPath, [command, 'gen', '--object', object, '-o', output]);
    expect(compile(folder)).toBe('');
  });
  afterAll(() => {
    bpffs?.unmount();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    node = await NodeProcess.start();
  });
  afterEach(async () => {
    await node?.kill();
    await reader?.close();
    reader = undefined;
  });

  test('the same struct binds', async () => {
    reader = await BpfReader.load('work_hints', bpffs.path);
    expect(await node.run(ask, where())).toMatchObject({ state: 'bound' });
    await until('the program has answered', async () => (await node.run(seen)).answered === 1n);
  });

  test('another one is reported field by field, and its program sees nothing', async () => {
    reader = await BpfReader.load('work_shift', bpffs.path);
    const status = await node.run(ask, where());
    expect(status).toMatchObject({ state: 'unavailable', code: 'ERR_SCHEDHINT_LAYOUT_MISMATCH' });
    expect(status).toHaveProperty(
      'reason',
      expect.stringContaining(
        'hints.trend: expected enum work_trend (offset 12, 4 bytes), found enum work_trend trend (offset 16, 4 bytes)',
      ),
    );
    expect(status).toHaveProperty(
      'reason',
      expect.stringMatching(/; and \d+ more; .*schedhint gen/),
    );
    // The hints live on in private memory.
    const before = { state: 'unavailable', level: 42, request: 1n, answered: 0n };
    expect(await node.run(seen)).toEqual(before);

    // A new program with the application's struct finds what was set meanwhile.
    await reader.close();
    reader = await BpfReader.load('work_hints', bpffs.path);
    await until('the new program has answered', async () => (await node.run(seen)).answered === 1n);
    expect(await node.run(seen)).toEqual({ ...before, state: 'bound', answered: 1n });

    // And the other way round: the old program again.
    await reader.close();
    reader = await BpfReader.load('work_shift', bpffs.path);
    await until('it is informed again', async () => {
      const { state } = await node.run(seen);
      return (
        state === 'unavailable' && (await node.run(codeOf)) === 'ERR_SCHEDHINT_LAYOUT_MISMATCH'
      );
    });
    expect(await node.run(seen)).toMatchObject({ level: 42, request: 1n });
  });

  test('a handle that was stopped stays over its own memory when that of the others moves', async () => {
    reader = await BpfReader.load('work_hints', bpffs.path);
    await node.run(ask, where());
    await node.run(stopSome, where());
    await reader.close();
    reader = await BpfReader.load('work_shift', bpffs.path);
    await until(
      'the memory has moved',
      async () => (await node.run(codeOf)) === 'ERR_SCHEDHINT_LAYOUT_MISMATCH',
    );
    expect(await node.run(writeToAll)).toEqual({ attached: [1, 1], stopped: [2, 3] });
  });

  test('without the privilege to read types only the sizes are compared', async () => {
    reader = await BpfReader.load('work_shift', bpffs.path);
    await bpffs.setMode(0o755);
    chmodSync(`${bpffs.path}/workmap`, 0o666);
    expect(await node.run(ask, where(65534))).toMatchObject({ state: 'bound' });
  });
});

function codeOf({ keep }: Context) {
  return keep.thread.status.code;
}

/** Of four handles on the same blocks, all but the first and the second are stopped again. */
async function stopSome({ schedhint, keep, import: load }: Context, { map, module }: Where) {
  const { workValue } = (await load(module)) as { workValue: never };
  const channel = schedhint.uptr({ map, value: workValue });
  const more = Array.from({ length: 3 }, () => schedhint.attachThread({ channel, scoped: true }));
  const [second, third, fourth] = more.map(({ blocks }) => blocks as { hints: unknown });
  keep.attached = [keep.hints, second!.hints];
  keep.stopped = [third!.hints, fourth!.hints];
  more[1]!.stop();
  more[2]!.stop();
}

function writeToAll({ keep }: Context) {
  keep.attached[0].level = 1;
  keep.stopped[0].level = 2;
  keep.stopped[1].level = 3;
  const levels = (all: { level: number }[]) => all.map(({ level }) => level);
  return { attached: levels(keep.attached), stopped: levels(keep.stopped) };
}
