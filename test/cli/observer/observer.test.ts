import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ObservedThread, type Observer, startObserver } from '@schedhint/observer';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../../rig/bpffs.js';
import { describeOnKernel } from '../../rig/kernel-support.js';
import { NodeProcess } from '../../rig/node-process.js';
import { until } from '../../rig/until.js';

const prebuilds = fileURLToPath(new URL('../../../packages/observer/prebuilds', import.meta.url));
const refuse = fileURLToPath(new URL('../../faults/programs/build/refuse', import.meta.url));
const NOBODY = '65534';

describeOnKernel('@schedhint/observer', () => {
  let bpffs: Bpffs;
  let map: string;
  let node: NodeProcess;
  let observer: Observer | undefined;

  beforeEach(async () => {
    bpffs = mountBpffs();
    map = `${bpffs.path}/hints`;
    node = await NodeProcess.start();
  });
  afterEach(async () => {
    await node?.kill();
    await observer?.stop().catch(() => {});
    observer = undefined;
    bpffs?.unmount();
  });

  const attach = () =>
    node.run(({ schedhint, keep }, path) => {
      keep.hints = schedhint.startGcHints({ map: path });
      keep.hints.thread.hints.set({
        urgency: 700,
        deadlineNs: 2n ** 60n + 1n,
        user: 2n ** 64n - 1n,
      });
    }, map);
  const status = () =>
    node.run(({ keep }) => ({
      readBy: keep.hints.thread.status.readBy,
      source: keep.hints.thread.feedback.source,
      onCpuNs: keep.hints.thread.feedback.onCpuNs,
    }));

  async function seen(): Promise<ObservedThread> {
    let found: ObservedThread | undefined;
    await until('the thread is seen with its hints', async () => {
      const { threads } = await observer!.snapshot();
      found = threads.find(
        (one): one is ObservedThread => one.tid === node.pid && one.kind === 'js',
      );
      return found?.hints.urgency === 700;
    });
    return found!;
  }

  test('sees a thread, in types that lose nothing', async () => {
    observer = await startObserver({ map });
    expect(observer.ready).toMatchObject({ pin: map, periodNs: 100_000 });
    await attach();
    expect(await seen()).toMatchObject({
      tgid: node.pid,
      hints: { role: 1, urgency: 700, deadlineNs: 2n ** 60n + 1n, user: 2n ** 64n - 1n },
    });
    const last = await observer.stop();
    expect(last).toMatchObject({ final: true, lostEvents: 0, ns: expect.any(BigInt) });
    expect(existsSync(map)).toBe(false);
  });

  test('watches only, unless it is asked to give feedback', async () => {
    observer = await startObserver({ map });
    await attach();
    await seen();
    // The kernel's own counters.
    expect(await status()).toMatchObject({ readBy: null, source: 'schedstat' });
    await observer.stop();
    observer = await startObserver({ map, feedback: true });
    await until('it is read', async () => (await status()).readBy !== null, status);
    await until('it is the source', async () => (await status()).source === 'bpf', status);
    await until('it has its CPU time', async () => (await status()).onCpuNs > 0n, status);
  });

  test('yields snapshots until it is stopped', async () => {
    observer = await startObserver({ map, intervalMs: 10 });
    const finals: boolean[] = [];
    for await (const snapshot of observer) {
      finals.push(snapshot.final);
      if (finals.length === 3) observer.stop();
    }
    expect(finals.slice(0, 3)).toEqual([false, false, false]);
    expect(finals.at(-1)).toBe(true);
    await expect(observer.snapshot()).rejects.toMatchObject({
      code: 'ERR_SCHEDHINT_OBSERVER_ENDED',
    });
  });

  test('says where it cannot pin: ERR_SCHEDHINT_OBSERVER_MAP', async () => {
    await expect(startObserver({ map: '/no/such/directory/hints' })).rejects.toMatchObject({
      name: 'ObserverError',
      code: 'ERR_SCHEDHINT_OBSERVER_MAP',
      message: expect.stringMatching(/mount -t bpf bpf/),
    });
    execFileSync('bpftool', [
      ...['map', 'create', map, 'type', 'hash', 'key', '4', 'value', '16', 'entries', '4'],
      ...['name', 'wrong'],
    ]);
    await expect(startObserver({ map })).rejects.toMatchObject({
      code: 'ERR_SCHEDHINT_OBSERVER_MAP',
    });
  });

  test('says that it was killed', async () => {
    observer = await startObserver({ map, intervalMs: 10 });
    process.kill(observer.pid, 'SIGKILL');
    const iterate = async () => {
      for await (const { final } of observer!) expect(final).toBe(false);
    };
    await expect(iterate()).rejects.toMatchObject({
      code: 'ERR_SCHEDHINT_OBSERVER_ENDED',
      message: 'the observer has ended: SIGKILL',
    });
    await expect(observer.stop()).rejects.toMatchObject({ code: 'ERR_SCHEDHINT_OBSERVER_ENDED' });
  });

  // Its exit codes, which the package makes its error codes of.
  test('an unprivileged user: exit code 3; a kernel without BTF (played by hiding it) or bpf(2): 4', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'schedhint-observer-'));
    chmodSync(scratch, 0o755);
    for (const name of ['observer', 'observer.bpf.o']) {
      copyFileSync(`${prebuilds}/linux-${process.arch}/${name}`, `${scratch}/${name}`);
      chmodSync(`${scratch}/${name}`, 0o755);
    }
    const program = [`${scratch}/observer`, '--pin', `${bpffs.path}/hints`];
    const run = (...command: string[]) =>
      spawnSync(command[0]!, [...command.slice(1), ...program], { encoding: 'utf8' });
    const nobody = run('setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups');
    const hide = 'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$0" "$@"';
    const old = run('unshare', '--mount', 'sh', '-c', hide);
    const without = run(refuse, 'bpf', 'ENOSYS');
    rmSync(scratch, { recursive: true });
    expect([nobody.status, nobody.stderr]).toEqual([3, expect.stringMatching(/root/)]);
    expect([old.status, old.stderr]).toEqual([4, expect.stringMatching(/BTF/)]);
    expect([without.status, without.stderr]).toEqual([4, expect.stringMatching(/no bpf\(2\)/)]);
  });
});
