import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Step } from '@schedhint/native';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrokerProcess, unsanitized } from '../broker/broker-process.js';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { LineProcess } from '../rig/json-lines-process.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { readTasks } from '../rig/sampler.js';
import { until } from '../rig/until.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const abi = join(root, 'abi');
const ENOENT = 2;
const EINVAL = 22;
const STRICT = ['-Wall', '-Wextra', '-Werror', '-pedantic', '-O2'];
const COMPILERS = ['cc -std=c11', 'c++ -std=c++17 -xc++'];
for (const version of [16, 19]) {
  COMPILERS.push(`clang-${version} -std=c11`);
  if (spawnSync(`clang++-${version}`, ['--version']).status === 0) {
    COMPILERS.push(`clang++-${version} -std=c++17 -xc++`);
  }
}

let scratch: string;
let program: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-abi-'));
  if (process.platform !== 'linux') return;
  program = join(scratch, 'client_test');
  const source = join(root, 'test/abi/programs/client_test.c');
  const flags = ['-std=c11', '-g', '-fsanitize=address,undefined', ...STRICT];
  execFileSync('cc', [...flags, `-I${abi}/include`, source, '-o', program, '-pthread']);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function ask(...args: string[]): Record<string, number> {
  return JSON.parse(execFileSync(program, args, { encoding: 'utf8' }));
}

describe.runIf(process.platform === 'linux')('abi/', () => {
  test.each(COMPILERS)('%s compiles the client, and nothing is to be said of it', (command) => {
    const [compiler, ...options] = command.split(' ');
    const include = `-I${abi}/include`;
    const input = '#include <schedhint/schedhint_client.h>\nint main(void) { return 0; }\n';
    const args = [...options, ...STRICT, include, '-fsyntax-only', '-x'];
    args.push(command.includes('xc++') ? 'c++' : 'c', '-');
    execFileSync(compiler!, args, { input, stdio: 'pipe' });
  });

  test('each header of the client has less than 400 lines', () => {
    const home = join(abi, 'include/schedhint');
    const parts = readdirSync(home).filter((name) => name.startsWith('schedhint_client'));
    expect(parts).toContain('schedhint_client.h');
    for (const name of parts) {
      expect(readFileSync(join(home, name), 'utf8').split('\n').length, name).toBeLessThan(401);
    }
  });

  test('a copy of the folder builds alone, and installs what pkg-config finds', () => {
    const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'abi'], {
      cwd: root,
      encoding: 'utf8',
    });
    for (const file of files.trim().split('\n')) {
      cpSync(join(root, file), join(scratch, 'vendored', file.slice('abi/'.length)));
    }
    const make = (...args: string[]) =>
      execFileSync('make', ['-s', '-C', join(scratch, 'vendored'), ...args], { stdio: 'pipe' });
    make();
    const staged = join(scratch, 'staged');
    make('install', `DESTDIR=${staged}`, 'PREFIX=/opt/schedhint');
    const env = {
      ...process.env,
      PKG_CONFIG_PATH: `${staged}/opt/schedhint/share/pkgconfig`,
      PKG_CONFIG_SYSROOT_DIR: staged,
    };
    const config = (option: string) =>
      execFileSync('pkg-config', [option, 'schedhint'], { env, encoding: 'utf8' }).trim();
    expect(config('--modversion')).toBe(readFileSync(join(abi, 'VERSION'), 'utf8').trim());
    expect(config('--modversion')).toMatch(/^1\./); // the ABI
    const source = join(scratch, 'uses.c');
    writeFileSync(
      source,
      '#include <schedhint/schedhint_client.h>\nint main(void) { return 0; }\n',
    );
    const flags = config('--cflags').split(' ');
    execFileSync('cc', [...flags, '-o', join(scratch, 'uses'), source, '-pthread']);
  });

  test('@schedhint/native ships the same headers', () => {
    const home = join(abi, 'include/schedhint');
    const copies = join(root, 'packages/native/include/schedhint');
    expect(readdirSync(copies).sort()).toEqual(readdirSync(home).sort());
    for (const name of readdirSync(home)) {
      const text = readFileSync(join(copies, name), 'utf8');
      expect(text, name).toBe(readFileSync(join(home, name), 'utf8'));
    }
  });
});

describe.runIf(process.platform === 'linux')('the client in C, without a map', () => {
  test('uses no block again within a second, and then zeroed', () => {
    const { early, late, zeroed } = ask('reuse');
    expect(early).toBe(0);
    expect(late).toBeGreaterThan(0);
    expect(zeroed).toBe(1);
  });

  test('loses no store while its blocks move, and shows no half of a group where they were', () => {
    const said = execFileSync(program, ['move', '3000'], { encoding: 'utf8' });
    const { written, lost, good, mixed } = JSON.parse(said.split('\n')[1]!);
    expect(written).toBeGreaterThan(1000);
    expect(lost).toBe(0);
    expect(good).toBeGreaterThan(1000);
    expect(mixed).toBe(0);
  });

  test('says what was tried', () => {
    expect(ask('open', '/sys/fs/bpf/no-such-map')).toEqual({
      ...{ step: Step.OpenMap, error: -ENOENT, detail: 0, bound: 0 },
    });
  });
});

describeOnKernel('the client in C', () => {
  let bpffs: Bpffs;
  let shapes: BpfReader;
  let reader: BpfReader;

  beforeAll(async () => {
    bpffs = mountBpffs();
    shapes = await BpfReader.load('value_shapes', bpffs.path);
    reader = await BpfReader.load('sampler', bpffs.path);
  });
  afterAll(async () => {
    await reader?.close();
    await shapes?.close();
    bpffs?.unmount();
  });
  const map = (name = 'schedhint') => `${bpffs.path}/${name}`;

  test('binds to what ABI 1 allows', () => {
    const bound = { step: Step.Bound, error: 0, detail: 0, bound: 1 };
    for (const name of ['schedhint', 'smaller', 'wider']) {
      expect(ask('open', map(name)), name).toEqual(bound);
    }
  });

  test('gives no address to another map', () => {
    const refused = (step: number, detail: number) => ({ step, error: -EINVAL, detail, bound: 0 });
    expect(ask('open', map('plain'))).toEqual(refused(Step.SlotPlain, 0));
    expect(ask('open', map('larger'))).toEqual(refused(Step.SlotSize, 0));
    const arrayMap = 2;
    expect(ask('open', map('control'))).toEqual(refused(Step.MapType, arrayMap));
  });

  test('leaves a forked child private memory, and lets it make a new client', () => {
    expect(ask('fork', map())).toEqual({ child: 0, urgency: 900, gcCount: 0, bound: 1 });
  });

  test('a thread that has ended is detached by another', () => {
    expect(ask('ends', map())).toEqual({ bound: 1, counted: 2, detached: 0, after: 1 });
  });

  test('goes on under one broker after another', async () => {
    const socket = join(scratch, 'broker.sock');
    const startBroker = () => BrokerProcess.start({ maps: [map()], socket, program: unsanitized });
    let broker = await startBroker();
    const writer = new LineProcess(program, ['write', map(), socket]);
    try {
      const { tid } = (await writer.next()) as { tid: number };
      await reader.set('control', 0, [writer.pid]);
      const untilBound = () =>
        until('both are bound', async () => (await broker.held()).threads === 2);
      for (const signal of ['SIGTERM', 'SIGKILL', 'SIGKILL', 'SIGTERM'] as const) {
        await untilBound();
        await broker.stop(signal);
        broker = await startBroker();
      }
      await untilBound();
      const { rest, stderr } = await writer.end();
      expect(rest[0], stderr).toMatchObject({ lost: 0 });
      const { groupsGood, mixed } = (await readTasks(reader)).get(tid)!;
      expect(groupsGood).toBeGreaterThan(100n);
      expect(mixed).toBe(0n);
    } finally {
      await writer.kill();
      await broker.stop();
    }
  });

  test("in a time namespace its times are the scheduler's", () => {
    const seconds = 100_000;
    const before = process.hrtime.bigint();
    const args = ['--fork', '--time', '--monotonic', String(seconds), program, 'clock'];
    const said = execFileSync('unshare', args, { encoding: 'utf8' });
    const after = process.hrtime.bigint();
    const time = (name: string) => BigInt(new RegExp(`"${name}":(\\d+)`).exec(said)![1]!);
    expect(time('monotonic') - before).toBeGreaterThan(BigInt(seconds) * 1_000_000_000n);
    for (const name of ['now', 'attached']) {
      expect(time(name)).toBeGreaterThan(before);
      expect(time(name)).toBeLessThan(after);
    }
  });
});
