// schedhint_lookup() and what is asked after it, in the kernel: each rule of abi.md that a reader follows.

import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { buildNativeProbe, type NativeProbe } from '../rig/native-probe.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { until } from '../rig/until.js';
import { Lookup } from './lookup.js';

const SECOND = 1_000_000_000n;
const KTHREADD = 2;
const include = fileURLToPath(new URL('../../abi/include', import.meta.url));

/** Attaches, and keeps the raw block: what follows writes any field. */
function attach({ schedhint, keep }: Context, map: string) {
  keep.thread = schedhint.attachThread({ map });
  return keep.thread.status.state;
}

type Fields = Record<string, number | bigint>;
const writeThread = ({ keep }: Context, fields: Fields) =>
  void Object.assign(keep.thread.blocks.thread, fields);
const writeProcess = ({ keep }: Context, fields: Fields) =>
  void Object.assign(keep.thread.blocks.process, fields);

describeOnKernel('what a reader finds', () => {
  let scratch: string;
  let atOffset: string;
  let bpffs: Bpffs;
  let lookup: Lookup;
  let node: NodeProcess;
  const children: ChildProcessWithoutNullStreams[] = [];

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'schedhint-lookup-'));
    atOffset = join(scratch, 'at-offset');
    const source = fileURLToPath(new URL('at_offset.c', import.meta.url));
    execFileSync('cc', ['-Wall', '-Wextra', '-Werror', `-I${include}`, source, '-o', atOffset]);
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  beforeEach(async () => {
    bpffs = mountBpffs();
    lookup = await Lookup.load(bpffs.path);
    // The test itself says what the process knows of its helpers.
    node = await NodeProcess.start({ env: { SCHEDHINT_HELPERS: 'off' } });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await node?.kill();
    await lookup?.close();
    bpffs?.unmount();
  });

  /** A process whose block begins at this offset in a page. @returns its pid */
  async function blockAt(offset: number): Promise<number> {
    const child = spawn(atOffset, [lookup.map, String(offset), '7']);
    children.push(child);
    await once(child.stdout, 'data');
    return child.pid!;
  }

  /** A thread of the process without a block: one of V8's, or libuv's. */
  function helperOf(pid: number): number {
    const tids = readdirSync(`/proc/${pid}/task`).map(Number);
    return tids.find((tid) => tid !== pid)!;
  }

  test('a thread with hints: its block and its process, by an element', async () => {
    expect(await node.run(attach, lookup.map)).toBe('bound');
    await node.run(writeThread, { urgency: 800, user: 2n ** 60n, deadline_ns: 0n });
    expect(await lookup.ask(node.pid)).toMatchObject({
      ...{ any: true, thread: true, process: true, own: true, group: true },
      ...{ urgency: 800, batch: false, user: 2n ** 60n, slackNs: null, inPause: false },
    });
  });

  test('a helper: the process of its leader', async () => {
    await node.run(attach, lookup.map);
    const helper = helperOf(node.pid);
    const found = { any: true, thread: false, process: true, own: false, urgency: 512 };
    expect(await lookup.ask(helper)).toMatchObject({ ...found, helps: false });
    await node.run(writeProcess, { gc_threads: 1 });
    expect(await lookup.ask(helper)).toMatchObject({ ...found, helps: true });
    // Its thread has a block, so it is no helper.
    expect(await lookup.ask(node.pid)).toMatchObject({ helps: false });
    // Where helpers have elements, one without is another thread's.
    await node.run(writeProcess, { flags: 1 });
    expect(await lookup.ask(helper)).toMatchObject({ ...found, helps: false });
  });

  test('nothing: of a process without hints, and of a thread of the kernel', async () => {
    expect(await lookup.ask(node.pid)).toMatchObject({ any: false, own: false });
    expect(await lookup.ask(KTHREADD)).toMatchObject({ any: false, own: false });
  });

  test('a task without hints costs a lookup in 100 ms', async () => {
    expect(await lookup.ask(node.pid, { remember: 'again' })).toMatchObject({ any: false });
    await node.run(attach, lookup.map);
    const soon = { remember: 'yes' } as const;
    const [{ now }, known] = [
      await lookup.ask(node.pid, soon),
      await lookup.reader.get('known', 0),
    ];
    if (now < known.readBigUInt64LE(0)) {
      expect(await lookup.ask(node.pid)).toMatchObject({ any: true });
    }
    expect(await lookup.ask(node.pid, { ...soon, laterNs: SECOND / 10n })).toMatchObject({
      any: true,
    });
  });

  describe('blocks that it does not believe', () => {
    test.each([8, 32, 60])('at %i in the page: not aligned to 64', async (offset) => {
      const pid = await blockAt(offset);
      expect(await lookup.ask(pid)).toMatchObject({ own: true, thread: false, any: false });
      expect(await lookup.ask(pid, { remember: 'again' })).toMatchObject({ thread: false });
    });

    test.each([0, 64, 256])('but at %i it does', async (offset) => {
      const pid = await blockAt(offset);
      expect(await lookup.ask(pid)).toMatchObject({ thread: true, urgency: 7 });
      const again = { remember: 'again' } as const;
      expect(await lookup.ask(pid, again)).toMatchObject({ thread: true, urgency: 7 });
    });

    test.each([0, 2, 0xffff_ffff])('of ABI %i', async (abi) => {
      await node.run(attach, lookup.map);
      await node.run(writeThread, { abi });
      expect(await lookup.ask(node.pid)).toMatchObject({ thread: false, process: true });
      await node.run(writeProcess, { abi });
      expect(await lookup.ask(node.pid)).toMatchObject({ any: false });
    });

    test('of a later client of ABI 1: what is reserved here is ignored', async () => {
      await node.run(attach, lookup.map);
      const later = { hot0: 7, hot1: 7n, cold0: 7, cold1: 7, hints: 0x8000_0000 };
      await node.run(writeThread, { ...later, urgency: 9, gc: 0x200, flags: 0x100, runtime: 99 });
      expect(await lookup.ask(node.pid)).toMatchObject({
        ...{ thread: true, urgency: 9, batch: false, inPause: false },
      });
    });
  });

  test('the hints of the program before an execve do not count', async () => {
    execFileSync('mkfifo', [`${scratch}/input`]);
    await node.run(attach, lookup.map);
    expect(await lookup.ask(node.pid, { remember: 'again' })).toMatchObject({ thread: true });
    expect(await lookup.ask(node.pid, { remember: 'yes' })).toMatchObject({ thread: true });
    node
      .run(({ require }, { probe, command }) => (require(probe) as NativeProbe).exec(command), {
        probe: buildNativeProbe(),
        // The first program attaches to nothing; the second does, in the same task.
        command: `echo old > ${scratch}/exec; while [ -e ${scratch}/exec ]; do sleep 0.01; done; exec ${atOffset} ${lookup.map} 64 5 <> ${scratch}/input`,
      })
      .catch(() => {}); // it never answers
    await until('another program runs', () => readdirSync(scratch).includes('exec'));
    // The element is still there: a reader that remembers nothing believes it.
    expect(await lookup.ask(node.pid)).toMatchObject({ own: true, thread: true });
    expect(await lookup.ask(node.pid, { remember: 'yes' })).toMatchObject({ any: false });
    rmSync(`${scratch}/exec`);
    await until(
      'the new program has attached',
      async () => (await lookup.ask(node.pid)).urgency === 5,
    );
    expect(await lookup.ask(node.pid, { remember: 'yes' })).toMatchObject({
      ...{ thread: true, urgency: 5 },
    });
  });

  test('a pause that goes on for too long does not count', async () => {
    await node.run(attach, lookup.map);
    const { now } = await lookup.ask(node.pid);
    await node.run(writeThread, { gc: 2, gc_since_ns: now, gc_expect_us: 1000 });
    const at = (seconds: bigint) => lookup.ask(node.pid, { laterNs: seconds * SECOND });
    expect(await at(1n)).toMatchObject({ gc: 2, inPause: true });
    expect(await at(3n)).toMatchObject({ gc: 2, inPause: false });
    // Eight times as long as usual, where that is more than two seconds.
    await node.run(writeThread, { gc_expect_us: 1_000_000 });
    expect(await at(7n)).toMatchObject({ inPause: true });
    expect(await at(9n)).toMatchObject({ inPause: false });
  });

  test('a concurrent collection is no pause', async () => {
    await node.run(attach, lookup.map);
    await node.run(writeThread, { gc: 0x100, gc_since_ns: 1n });
    expect(await lookup.ask(node.pid)).toMatchObject({ gc: 0x100, inPause: false });
  });

  test('a deadline: what is left less what the work needs, and nothing once it is past', async () => {
    await node.run(attach, lookup.map);
    const { now } = await lookup.ask(node.pid);
    const deadline_ns = now + 10n * SECOND;
    await node.run(writeThread, { deadline_ns, runtime_us: 4_000_000 });
    const early = await lookup.ask(node.pid, { laterNs: SECOND });
    expect(early.slackNs).toBe(deadline_ns - early.now - 4n * SECOND);
    const late = await lookup.ask(node.pid, { laterNs: 8n * SECOND });
    expect(late.slackNs).toBe(0n);
    const past = await lookup.ask(node.pid, { laterNs: 11n * SECOND });
    expect(past.slackNs).toBeNull();
  });

  test('batch is a flag, and an urgency beyond the scale is its end', async () => {
    await node.run(attach, lookup.map);
    await node.run(writeThread, { urgency: 0, hints: 1 });
    expect(await lookup.ask(node.pid)).toMatchObject({ urgency: 512, batch: true });
    await node.run(writeThread, { urgency: 2 ** 32 - 1, hints: 2 });
    expect(await lookup.ask(node.pid)).toMatchObject({ urgency: 1024, batch: false });
  });

  test('a group that is being written is not read', async () => {
    await node.run(attach, lookup.map);
    await node.run(writeThread, { seq: 7, urgency: 3 });
    expect(await lookup.ask(node.pid)).toMatchObject({ thread: true, group: false });
    await node.run(writeThread, { seq: 8 });
    expect(await lookup.ask(node.pid)).toMatchObject({ group: true, urgency: 3 });
  });

  describe('the feedback', () => {
    const feedback = () => node.run(({ keep }) => keep.thread.feedback.toJSON());

    test('one reader owns it: another waits until that has been silent for two seconds', async () => {
      await node.run(attach, lookup.map);
      // The first look claims it, the next ones publish.
      expect(await lookup.ask(node.pid, { readerId: 5 })).toMatchObject({ published: false });
      expect(await lookup.ask(node.pid, { readerId: 5 })).toMatchObject({ published: true });
      for (let i = 0; i < 2; i++) {
        expect(await lookup.ask(node.pid, { readerId: 6 })).toMatchObject({ published: false });
      }
      expect(await feedback()).toMatchObject({ runDelayNs: '5', readerAbi: 1, readerFlags: 1 });
      const later = { readerId: 6, laterNs: 3n * SECOND };
      expect(await lookup.ask(node.pid, later)).toMatchObject({ published: false });
      expect(await lookup.ask(node.pid, later)).toMatchObject({ published: true });
      expect(await feedback()).toMatchObject({ runDelayNs: '6' });
      expect(await lookup.ask(node.pid, { readerId: 5 })).toMatchObject({ published: false });
    });

    test('of another ABI is no reader’s, as the app sees it', async () => {
      await node.run(attach, lookup.map);
      for (let i = 0; i < 2; i++) await lookup.ask(node.pid, { readerId: 5 });
      const readBy = () => node.run(({ keep }) => keep.thread.status.readBy);
      expect(await readBy()).toMatchObject({ abi: 1 });
      await node.run(writeThread, { reader_abi: 2 });
      expect(await readBy()).toBeNull();
    });
  });
});
