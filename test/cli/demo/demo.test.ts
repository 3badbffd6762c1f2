import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Check, checkBpfReport, checkEmbeddedReport } from './checks.mjs';

const demo = fileURLToPath(new URL('../../../examples/demo/demo.mjs', import.meta.url));
const refuse = fileURLToPath(new URL('../../faults/programs/build/refuse', import.meta.url));
const kptrUser = fileURLToPath(new URL('../../../examples/kptr-user/client.mjs', import.meta.url));

/** Why BPF can't be used here; '' if it can. */
const noBpf =
  process.platform !== 'linux' || process.getuid?.() !== 0 ? 'needs Linux, and root for BPF' : '';
if (noBpf !== '') console.warn(`demo tests with BPF: skipped, ${noBpf}`);

// dac_override: the checkout may be in a directory of root's.
const UNPRIVILEGED = [
  '--reuid=65534',
  '--regid=65534',
  '--clear-groups',
  ...['bounding-set', 'inh-caps', 'ambient-caps'].map((set) => `--${set}=-all,+dac_override`),
];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** In the environment of all that a demo starts, so that it can be found. */
const MARK = 'SCHEDHINT_DEMO_TEST';

function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, args, {
    env: { ...process.env, ...environment, [MARK]: String(process.pid) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function end(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)!;
}

/** Every sentence that is not true, with what is. */
function failures(checks: readonly Check[]): string[] {
  return checks.filter(({ passed }) => !passed).map(({ name, detail }) => `${name}: ${detail}`);
}

/** What runs of all that this file has started: process id and command line. */
function started(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .filter((pid) => read(`/proc/${pid}/environ`).split('\0').includes(`${MARK}=${process.pid}`))
    .map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

describe('the embedded reader', () => {
  it('stands in when it is asked for, and says so', async () => {
    const { code, stdout } = await end(
      start([demo, '--seconds', '5', '--json', '--reader', 'embedded']),
    );
    expect(code).toBe(0);
    expect(failures(checkEmbeddedReport(JSON.parse(lastLine(stdout))))).toEqual([]);
  });

  it('stands in for a user who may not load BPF programs', async () => {
    const { code, stdout, stderr } = await end(
      noBpf === ''
        ? spawn('setpriv', [...UNPRIVILEGED, process.execPath, demo, '--seconds', '5', '--json'])
        : start([demo, '--seconds', '5', '--json']),
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(failures(checkEmbeddedReport(JSON.parse(lastLine(stdout))))).toEqual([]);
  });

  it("leaves Node.js's own numbers where there is no addon", async () => {
    const { code, stdout } = await end(
      start([demo, '--seconds', '2', '--json'], { NODE_OPTIONS: '--no-addons' }),
    );
    expect(code).toBe(0);
    const { reader, reason, threads } = JSON.parse(lastLine(stdout));
    expect(reader).toBe('embedded');
    expect(reason).toContain('addons');
    expect(threads.map(({ role }: { role: string }) => role)).toEqual([
      'main',
      'worker',
      'worker',
      'worker',
    ]);
    for (const { node, kernel } of threads) {
      expect(node.gcCount).toBeGreaterThan(0);
      expect(kernel).toBeNull();
    }
  });
});

describe('the options', () => {
  it.each([
    [['--nonsense'], '--nonsense'],
    [['--seconds', 'soon'], '--seconds'],
    [['--seconds', '0'], '--seconds'],
    [['--reader', 'mind'], '--reader'],
    [['5'], "'5'"],
  ])('%j are refused', async (args, complaint) => {
    const { code, stdout, stderr } = await end(start([demo, ...args]));
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(complaint);
  });

  it('are explained', async () => {
    const { code, stdout } = await end(start([demo, '--help']));
    expect(code).toBe(0);
    for (const option of ['--seconds', '--json', '--reader', '--pin', '--broker', '--under']) {
      expect(stdout).toContain(option);
    }
  });
});

describe.skipIf(noBpf !== '' && !process.env.CI)('with BPF', () => {
  let bpffs: string;
  let pin: string;

  beforeAll(() => {
    bpffs = mkdtempSync(join(tmpdir(), 'schedhint-demo-'));
    execFileSync('mount', ['-t', 'bpf', 'bpf', bpffs]);
    pin = join(bpffs, 'hints');
  });

  afterAll(() => {
    execFileSync('umount', [bpffs]);
    rmdirSync(bpffs);
  });

  it('shows that both sides know the same', async () => {
    const { code, stdout, stderr } = await end(
      start([demo, '--seconds', '5', '--json', '--pin', pin]),
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(failures(checkBpfReport(JSON.parse(lastLine(stdout))))).toEqual([]);
    expectNothingLeft();
  });

  it('shows the same of an app that may not open the map, through the broker', async () => {
    // dac_read_search: the checkout may be in a directory of root's. The pin, 0600, stays closed.
    const nobody = [
      'setpriv',
      ...UNPRIVILEGED.map((arg) => arg.replace('override', 'read_search')),
    ];
    const under = [refuse, 'bpf', 'EPERM', ...nobody].join(' ');
    const args = ['--seconds', '5', '--json', '--pin', pin, '--broker', '--under', under];
    const { code, stdout, stderr } = await end(start([demo, ...args]));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const report = JSON.parse(lastLine(stdout));
    expect(report.boundBy).toBe('broker');
    expect(failures(checkBpfReport(report))).toEqual([]);
    expectNothingLeft();
  });

  it('leaves no broker behind when it is killed', async () => {
    const child = start([demo, '--seconds', '600', '--pin', pin, '--broker']);
    const ended = end(child);
    await once(child.stdout!, 'data');
    expect(started().some((text) => text.includes('schedhint-broker'))).toBe(true);
    child.kill('SIGKILL');
    await ended;
    await expect.poll(() => [...started(), existsSync(pin)], { timeout: 30_000 }).toEqual([false]);
  });

  it('shows a table', async () => {
    const { code, stdout } = await end(start([demo, '--seconds', '2', '--pin', pin]));
    expect(code).toBe(0);
    // No terminal: nothing to redraw.
    expect(stdout).not.toContain('\x1b');
    const table = stdout.slice(stdout.lastIndexOf('reader:'));
    expect(table).toMatch(/^reader: BPF/);
    expect(table).toMatch(/^ *thread +role +GCs: node +kernel +GC ms: node +kernel .* map$/m);
    expect(table).toMatch(/^ *[0-9]+ +main +[0-9]+ +[0-9]+ .* 600 +serving .* [0-9]+$/m);
    expect(table.match(/^ *[0-9]+ +worker /gm)).toHaveLength(3);
    expect(table).toMatch(/helper threads/);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind after %s', async (signal) => {
    const child = start([demo, '--seconds', '600', '--pin', pin]);
    const ended = end(child);
    await once(child.stdout!, 'data'); // the first table: everything runs
    expect(existsSync(pin)).toBe(true);
    expect(started()).toHaveLength(4);
    child.kill(signal);
    const { code } = await ended;
    expect(code).toBe(130);
    expectNothingLeft();
  });

  it('leaves nothing behind when it is killed', async () => {
    const child = start([demo, '--seconds', '600', '--pin', pin]);
    const ended = end(child);
    await once(child.stdout!, 'data');
    child.kill('SIGKILL');
    await ended;
    await expect.poll(() => [...started(), existsSync(pin)], { timeout: 30_000 }).toEqual([false]);
  });

  it.each([
    ['observer/build/observer', 'the observer'],
    ['app.mjs', 'the app'],
  ])('says so and leaves nothing behind when %s dies', async (command, name) => {
    const child = start([demo, '--seconds', '600', '--pin', pin]);
    const ended = end(child);
    await once(child.stdout!, 'data');
    const victim = started().find((text) => text.includes(command))!;
    process.kill(Number.parseInt(victim, 10), 'SIGKILL');
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`${name} ended (SIGKILL)`);
    expectNothingLeft();
  });

  it('has a client with its own struct', async () => {
    const map = join(bpffs, 'datamap');
    const { code, stdout } = await end(start([kptrUser, '--map', map]));
    expect(stdout).toBe('result = 3\n');
    expect(code).toBe(0);
    expect(existsSync(map)).toBe(false);
  });

  function expectNothingLeft() {
    expect(started()).toEqual([]);
    expect(readdirSync(bpffs).filter((name) => !name.endsWith('.debug'))).toEqual([]);
  }
});

describe('the client with its own struct', () => {
  it('says why it can not', async () => {
    const { code, stdout, stderr } = await end(start([kptrUser, '--map', '/nowhere/datamap']));
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('/nowhere/datamap');
  });
});
