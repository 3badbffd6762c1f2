import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { BpfReader } from '../../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../../rig/bpffs.js';
import { LineProcess } from '../../rig/json-lines-process.js';
import { describeOnKernel } from '../../rig/kernel-support.js';
import { Observer } from '../../rig/observer-process.js';
import { until } from '../../rig/until.js';
import { type Diagnosis, diagnose, report, type SetUp } from './patient.js';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const refuse = file('../../faults/programs/build/refuse');
const observer = file('../../../observer/build/observer');
const brokerProgram = file('../../../broker/build/schedhint-broker');
const register = file('../../../packages/schedhint/dist/register.cjs');
const NOBODY = '65534';

const named = ({ checks }: Diagnosis, state: string) =>
  checks.filter((check) => check.state === state).map(({ name }) => name);
const check = ({ checks }: Diagnosis, name: string) => checks.find((one) => one.name === name)!;

/** One check has failed, and no other: that is the cause. */
function expectCause(diagnosis: Diagnosis, name: string, found: RegExp, todo: RegExp): void {
  expect({ failed: named(diagnosis, 'fail'), ...check(diagnosis, name) }).toEqual({
    failed: [name],
    name,
    state: 'fail',
    found: expect.stringMatching(found),
    todo: expect.stringMatching(todo),
  });
  expect(diagnosis).toMatchObject({ code: 1, ok: false });
}

/** Nothing failed, and this is worth a warning. */
function expectWarning(diagnosis: Diagnosis, name: string, found: RegExp): void {
  expect(named(diagnosis, 'fail')).toEqual([]);
  expect(check(diagnosis, name)).toMatchObject({
    state: 'warn',
    found: expect.stringMatching(found),
    todo: expect.stringMatching(/./),
  });
  expect(diagnosis).toMatchObject({ code: 0, ok: true });
}

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-doctor-'));
  chmodSync(scratch, 0o755);
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

describeOnKernel('schedhint doctor, with a reader', () => {
  let bpffs: Bpffs;
  let reader: Observer;
  let map: string;

  beforeAll(async () => {
    bpffs = mountBpffs();
    await bpffs.setMode(0o755);
    map = `${bpffs.path}/hints`;
    reader = await Observer.start(map, '--mode', '0666');
  });
  afterAll(async () => {
    await reader?.stop();
    bpffs?.unmount();
  });
  afterEach(async () => {
    chmodSync(map, 0o666);
    await bpffs.setMode(0o755);
  });

  test('nothing is wrong: exit code 0, not even a warning', async () => {
    chmodSync(map, 0o660);
    const env = { NODE_OPTIONS: `--require ${register}` };
    const diagnosis = await diagnose({ map, env });
    expect(diagnosis).toMatchObject({ code: 0, ok: true, status: { state: 'bound' } });
    expect(named(diagnosis, 'fail')).toEqual([]);
    expect(named(diagnosis, 'warn')).toEqual([]);
    expect(check(diagnosis, 'reader')).toMatchObject({ state: 'pass' });
  });

  test('as a user without privileges', async () => {
    const diagnosis = await diagnose({ map, program: ['programs/as-user.mjs', NOBODY, map] });
    expect(diagnosis).toMatchObject({ code: 0, ok: true, status: { state: 'bound' } });
  });

  test('a pin that every user may write: a warning, with what to do', async () => {
    const diagnosis = await diagnose({ map });
    expectWarning(diagnosis, 'map', /every user of this machine .* any thread \(mode 0666, /);
    expect(check(diagnosis, 'map').todo).toMatch(/schedhint-broker.* chgrp .*0660/);
  });

  test('no permission on the pin', async () => {
    chmodSync(map, 0o600);
    const diagnosis = await diagnose({ map, program: ['programs/as-user.mjs', NOBODY, map] });
    expectCause(
      diagnosis,
      'map',
      /may not read and write .*0600, of user 0/,
      /^run schedhint-broker, or give the pin .* 0660 /,
    );
  });

  test('no permission on a directory', async () => {
    await bpffs.setMode(0o700);
    const diagnosis = await diagnose({ map, program: ['programs/as-user.mjs', NOBODY, map] });
    const directory = bpffs.path;
    expectCause(
      diagnosis,
      'map',
      new RegExp(`may not pass ${directory} `),
      /^run schedhint-broker, or pin the map on a bpffs that group \d+ may enter/,
    );
  });

  test.each(['EPERM', 'ENOSYS'])('seccomp refuses bpf (%s)', async (errno) => {
    const diagnosis = await diagnose({ map, through: [refuse, 'bpf', errno] });
    expectCause(diagnosis, 'bpf', new RegExp(`${errno}.*a seccomp profile is on`), /allow bpf in/);
  });

  // bpf(2) itself may be called, so the check of it passes.
  test.each([
    ['BPF_MAP_UPDATE_ELEM', /asking .* for its layout failed: EPERM/],
    ['BPF_OBJ_GET_INFO_BY_FD', /reading the map at .* failed: EPERM/],
  ])('seccomp refuses one command of bpf (%s)', async (command, found) => {
    const diagnosis = await diagnose({ map, through: [refuse, command, 'EPERM'] });
    expect(diagnosis.status).toMatchObject({ code: 'ERR_SCHEDHINT_BPF_REFUSED' });
    expect(check(diagnosis, 'bpf')).toMatchObject({ state: 'pass' });
    expectCause(diagnosis, 'map', found, /seccomp profile refuses some of its commands/);
  });

  test.each(['EPERM', 'ENOSYS'])('seccomp refuses pidfd_open (%s)', async (errno) => {
    const diagnosis = await diagnose({ map, through: [refuse, 'pidfd_open', errno] });
    expectCause(
      diagnosis,
      'pidfd_open',
      new RegExp(`${errno}.*a seccomp profile is on`),
      /allow pidfd_open in/,
    );
  });

  test("the broker's socket is dead", async () => {
    const SCHEDHINT_BROKER = join(scratch, 'broker.sock');
    // What a killed broker leaves: a socket in the filesystem that no one listens at.
    const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', script, SCHEDHINT_BROKER]), 'exit');
    expect(existsSync(SCHEDHINT_BROKER)).toBe(true);
    const through = [refuse, 'bpf', 'EPERM'];
    const diagnosis = await diagnose({ map, through, env: { SCHEDHINT_BROKER } });
    expectCause(diagnosis, 'broker', /ECONNREFUSED/, /start schedhint-broker/);
    expect(check(diagnosis, 'bpf')).toMatchObject({ state: 'warn' });
  });

  test('the broker hangs (played by a socket that no one reads)', async () => {
    const SCHEDHINT_BROKER = join(scratch, 'broker.sock');
    const server = createServer().listen(SCHEDHINT_BROKER);
    await once(server, 'listening');
    const through = [refuse, 'bpf', 'EPERM'];
    const diagnosis = await diagnose({ map, through, env: { SCHEDHINT_BROKER } });
    server.close();
    expectCause(diagnosis, 'broker', /does not answer/, /restart schedhint-broker/);
  });

  test('the addon is missing', async () => {
    const hide = `mount -t tmpfs tmpfs '${file('../../../packages/native/prebuilds')}'`;
    const through = ['unshare', '--mount', 'sh', '-c', `${hide} && exec "$0" "$@"`];
    const diagnosis = await diagnose({ map, through });
    expectCause(diagnosis, 'addon', /no addon was found/, /install @schedhint\/native/);
  });

  test('the permission model forbids addons', async () => {
    const model = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission';
    const nodeOptions = [model, '--allow-fs-read=*', '--allow-worker', '--no-warnings'];
    const diagnosis = await diagnose({ map, nodeOptions });
    expectCause(diagnosis, 'addon', /permission model/, /--allow-addons/);
  });

  test("a runtime that never calls V8's hooks (played)", async () => {
    const nodeOptions = ['--require', file('programs/played-bun.cjs')];
    expectWarning(await diagnose({ map, nodeOptions }), 'collections', /after the fact/);
  });

  test('no descriptor is left', async () => {
    const through = ['sh', '-c', 'ulimit -n 128 && exec "$0" "$@"'];
    const program = ['programs/without-descriptors.mjs', map];
    const diagnosis = await diagnose({ map, through, program });
    expectCause(diagnosis, 'descriptors', /none is left/, /ulimit -n/);
  });

  test('no preload: workers would not be reached', async () => {
    expectWarning(await diagnose({ map }), 'workers', /no preload in NODE_OPTIONS/);
  });

  test('--import does not reach every worker', async () => {
    const env = { NODE_OPTIONS: `--import ${register}` };
    expectWarning(await diagnose({ map, env }), 'workers', /--import .* does not reach/);
  });

  test('a time namespace is reported, and is no fault', async () => {
    const through = ['unshare', '--time', '--monotonic', '1000', '--fork'];
    const diagnosis = await diagnose({ map, through });
    expect(diagnosis).toMatchObject({ code: 0 });
    expect(check(diagnosis, 'time namespace').found).toMatch(/1000000000000 ns off/);
  });

  test('for people: a line each, and what to do under it', async () => {
    const { code, text } = await report('--map', `${bpffs.path}/other`);
    expect(code).toBe(1);
    expect(text).toMatch(
      /^fail {2}map +no map is pinned at .*\n +-> start the scheduler, .*hints\); without one, schedhint top --map .*other --group \d+, /m,
    );
    expect(text).toMatch(
      /^\d+ pass, 1 warn, 1 fail; hints stay private: ERR_SCHEDHINT_MAP_NOT_FOUND$/m,
    );
    expect(text).not.toContain('\x1b');
  });

  test('a path that does not exist', async () => {
    const { code, errors } = await report('--map', '');
    expect(code).toBe(1);
    expect(errors).toMatch(/^schedhint doctor: ERR_SCHEDHINT_OPTION: /);
  });
});

describeOnKernel('schedhint doctor, where the map is wrong', () => {
  let bpffs: Bpffs;
  let shapes: BpfReader;

  beforeAll(async () => {
    bpffs = mountBpffs();
    shapes = await BpfReader.load('value_shapes', bpffs.path);
  });
  afterAll(async () => {
    await shapes?.close();
    bpffs?.unmount();
  });
  const pin = (name: string) => `${bpffs.path}/${name}`;

  test('no directory', async () => {
    const diagnosis = await diagnose({ map: `${scratch}/none/hints` });
    expectCause(diagnosis, 'bpffs', /there is no directory/, /^mount -t bpf bpf /);
  });

  test('no bpffs at the path', async () => {
    const diagnosis = await diagnose({ map: `${scratch}/hints` });
    expectCause(diagnosis, 'bpffs', /is not a bpf filesystem/, /^mount -t bpf bpf /);
  });

  test('no map', async () => {
    const diagnosis = await diagnose({ map: pin('none') });
    expectCause(diagnosis, 'map', /no map is pinned/, /start the scheduler.*plain/);
  });

  test('a directory in its place', async () => {
    mkdirSync(pin('directory'));
    expectCause(
      await diagnose({ map: pin('directory') }),
      'map',
      /not a pinned map/,
      /^remove what/,
    );
  });

  test('a map of another type', async () => {
    const sizes = ['type', 'hash', 'key', '4', 'value', '16', 'entries', '4', 'name', 'wrong'];
    execFileSync('bpftool', ['map', 'create', pin('hash'), ...sizes]);
    expectCause(await diagnose({ map: pin('hash') }), 'map', /type 1, not/, /SCHEDHINT_MAP/);
  });

  test("plain data in the pointer's place", async () => {
    const diagnosis = await diagnose({ map: pin('plain') });
    expectCause(diagnosis, 'map', /offset 0 .* plain data/, /clang >= 16/);
  });

  test('a struct that is too large', async () => {
    const diagnosis = await diagnose({ map: pin('larger') });
    expectCause(diagnosis, 'map', /has 512 bytes, more/, /schedhint gen --map/);
  });

  test('bound, but no one reads: the reader was killed', async () => {
    const killed = new LineProcess(observer, ['--pin', pin('orphan'), '--interval', '0']);
    await killed.next();
    await killed.kill();
    const diagnosis = await diagnose({ map: pin('orphan') });
    expect(diagnosis.status).toMatchObject({ state: 'bound', readBy: null });
    expectWarning(diagnosis, 'reader', /no reader has answered/);
    expect(check(diagnosis, 'reader').todo).toMatch(/restart the scheduler/);
  });

  test('bound, and the reader lives but never answers, as under schedhint top', async () => {
    const silent = await Observer.start(pin('silent'), '--no-feedback');
    try {
      const diagnosis = await diagnose({ map: pin('silent') });
      expect(diagnosis.status).toMatchObject({ state: 'bound', readBy: null });
      expectWarning(diagnosis, 'reader', /^observer \(pid \d+\) reads the map and does not answer/);
      expect(check(diagnosis, 'reader').todo).not.toMatch(/restart|killed/);
    } finally {
      await silent.stop();
    }
  });

  test('the same for a user who may not see the reader', async () => {
    const silent = await Observer.start(pin('silent'), '--no-feedback', '--mode', '0666');
    await bpffs.setMode(0o755);
    try {
      const diagnosis = await diagnose({
        map: pin('silent'),
        program: ['programs/as-user.mjs', NOBODY, pin('silent')],
      });
      expect(diagnosis.status).toMatchObject({ state: 'bound', readBy: null });
      expectWarning(diagnosis, 'reader', /no reader has answered/);
      expect(check(diagnosis, 'reader').todo).toMatch(/^nothing, if only schedhint top reads/);
    } finally {
      await silent.stop();
    }
  });

  // A kernel without __uptr cannot run here. It is played by this one, which says that it is
  // Linux 2.6 (UNAME26) and whose types are hidden.
  test('an old kernel (played)', async () => {
    const hide = 'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$0" "$@"';
    const through = ['unshare', '--mount', 'sh', '-c', hide, 'setarch', '--uname-2.6'];
    const diagnosis = await diagnose({ map: pin('none'), through });
    expectCause(diagnosis, 'kernel', /Linux 2\.6\S* has no __uptr/, /boot Linux 6\.13/);
    expect(diagnosis.status).toMatchObject({ code: 'ERR_SCHEDHINT_UPTR_UNSUPPORTED' });
  });
});

describeOnKernel('schedhint doctor, with a broker', () => {
  let bpffs: Bpffs;
  let reader: Observer;
  let broker: ReturnType<typeof spawn>;
  let home: string;
  let map: string;
  let set: Pick<SetUp, 'map' | 'through' | 'env'>;

  beforeAll(async () => {
    bpffs = mountBpffs();
    map = `${bpffs.path}/hints`;
    reader = await Observer.start(map);
    home = mkdtempSync(join(tmpdir(), 'schedhint-doctor-'));
    const socket = join(home, 'broker.sock');
    broker = spawn(brokerProgram, ['--map', map, '--socket', socket], { stdio: 'ignore' });
    await until('the broker listens', () => existsSync(socket));
    set = { map, through: [refuse, 'bpf', 'EPERM'], env: { SCHEDHINT_BROKER: socket } };
  });
  afterAll(async () => {
    broker?.kill();
    if (broker !== undefined) await once(broker, 'exit');
    await reader?.stop();
    bpffs?.unmount();
    rmSync(home, { recursive: true, force: true });
  });

  test('it binds where bpf(2) is refused: nothing is wrong', async () => {
    const diagnosis = await diagnose(set);
    expect(named(diagnosis, 'fail')).toEqual([]);
    expect(check(diagnosis, 'bpf').found).toMatch(/not needed: the broker binds/);
    expect(check(diagnosis, 'broker')).toMatchObject({ state: 'pass' });
  });

  test('it serves another map', async () => {
    const diagnosis = await diagnose({ ...set, map: `${bpffs.path}/other` });
    expectCause(diagnosis, 'broker', /it does not serve/, /./);
  });

  test('memfd_create is refused', async () => {
    const through = [...set.through!, refuse, 'memfd_create', 'EPERM'];
    const diagnosis = await diagnose({ ...set, through });
    expectCause(diagnosis, 'memfd_create', /EPERM.*a seccomp profile is on/, /allow memfd_create/);
  });
});

test('docs/doctor.md has a line for each check', async () => {
  const page = readFileSync(file('../../../docs/doctor.md'), 'utf8');
  const documented = [...page.matchAll(/^\| `([a-z_ ]+)` \|/gm)].map(([, name]) => name);
  const { text } = await report('--json');
  expect(documented).toEqual(JSON.parse(text).checks.map(({ name }: { name: string }) => name));
});
