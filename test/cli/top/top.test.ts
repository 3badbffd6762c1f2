import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../../rig/bpffs.js';
import { describeOnKernel } from '../../rig/kernel-support.js';
import { Observer } from '../../rig/observer-process.js';
import { until } from '../../rig/until.js';
import { APP_THREADS, CollectingApp } from '../observer/collecting-app.js';

const command = fileURLToPath(
  new URL('../../../packages/schedhint/bin/schedhint.js', import.meta.url),
);
const CLEAR_LINE = '\x1b[K';

/** What a run printed, and how it ended. */
async function output(child: ChildProcessWithoutNullStreams) {
  let text = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  child.stderr.setEncoding('utf8').on('data', (part: string) => (errors += part));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text, errors };
}

const run = (...args: string[]) => output(spawn(process.execPath, [command, 'top', ...args]));

/** The tables of plain output: each row by its titles. */
function tables(text: string): Record<string, string>[][] {
  return text
    .trimEnd()
    .split('\n\n')
    .map((table) => {
      const [, titles, ...rows] = table.split('\n');
      // Right-aligned titles end where their column does, left-aligned ones begin there.
      const names = ['PID', 'PROCESS', 'TID', 'THREAD', 'ROLE', 'RUNTIME'];
      const times = ['GC NOW', 'GC%', 'GC/s', 'CPU%', 'DELAY%', 'PREE/s', 'IN GC'];
      const rest = [...times, 'URG', 'SLICE', 'DUE ms', 'PHASE'];
      const pattern = [...names, ...rest].map((name) => ` *(\\*?${name.replace(/[%/]/g, '\\$&')})`);
      expect(titles).toMatch(new RegExp(`^${pattern.join(' +')}$`));
      return rows.map((row) => {
        const cells = row.trim().split(/ {1,}/);
        return Object.fromEntries([...names, ...rest].map((name, i) => [name, cells[i]!]));
      });
    });
}

describeOnKernel('schedhint top', () => {
  let bpffs: Bpffs;
  let reader: Observer;
  let app: CollectingApp;
  let map: string;
  const children: ChildProcessWithoutNullStreams[] = [];

  beforeAll(async () => {
    bpffs = mountBpffs();
    map = `${bpffs.path}/hints`;
    reader = await Observer.start(map);
    app = CollectingApp.start(map);
    await until('its threads are bound and collect', async () => {
      const threads = await reader.threads();
      return (
        threads.filter(
          ({ kind, gcCount, hints }) => kind === 'js' && gcCount > 0 && hints.urgency > 0,
        ).length === APP_THREADS
      );
    });
  });
  afterAll(async () => {
    await app?.stop();
    await reader?.stop();
    bpffs?.unmount();
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  /** Plain output until a table is as it should be; then it is ended. */
  async function untilTable(is: (rows: Record<string, string>[]) => boolean, ...args: string[]) {
    const child = spawn(process.execPath, [
      command,
      'top',
      '--map',
      map,
      '--interval',
      '0.5',
      ...args,
    ]);
    children.push(child);
    let text = '';
    child.stdout.on('data', (part) => (text += part));
    const ended = output(child);
    const whole = () => text.slice(0, text.lastIndexOf('\n\n') + 2);
    await until(
      'the table is there',
      () => whole() !== '' && tables(whole()).some(is),
      () => text.slice(-1000),
    );
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, errors: '' });
    return { text, rows: tables(whole()).find(is)! };
  }

  test('plain: one table after another, sorted', async () => {
    const { text, rows } = await untilTable(
      (table) =>
        table.length === APP_THREADS &&
        table.every(({ URG }) => URG !== '-') &&
        table.some((row) => Number(row['GC%']) > 0 && Number(row['DELAY%']) > 0),
      ...['--sort', 'urgency'],
    );
    expect(text).not.toContain('\x1b');
    expect(text).toMatch(/^schedhint top \| \S+ \(map \d+\) \| \d threads? of \d process/);
    expect(rows.map(({ URG }) => URG)).toEqual(['900', '500', '100']);
    expect(rows.map(({ ROLE }) => ROLE)).toEqual(['main', 'worker', 'worker']);
    expect(rows[0]).toMatchObject({
      PID: String(app.pid),
      TID: String(app.pid),
      PROCESS: 'app.cjs',
      PHASE: 'serving',
    });
  });

  test('--iterations: so many tables; --pid: the threads of one process', async () => {
    const args = ['--map', map, '--interval', '0.2', '--iterations', '2', '--pid'];
    const { code, text } = await run(...args, '1');
    expect(code).toBe(0);
    expect(tables(text)).toEqual([[], []]);
    await untilTable((table) => table.length === APP_THREADS, '--pid', String(app.pid));
  });

  test('a pin for a group, and what one for every user allows', async () => {
    const pin = `${bpffs.path}/own`;
    const args = ['--map', pin, '--interval', '0.2'];
    const child = spawn(process.execPath, [command, 'top', ...args, '--group', '65534']);
    children.push(child);
    const ended = output(child);
    await once(child.stdout, 'data');
    const { mode, gid } = statSync(pin);
    expect([mode & 0o777, gid]).toEqual([0o660, 65534]);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, errors: '' });
    expect(await run(...args, '--iterations', '1', '--mode', '0666')).toMatchObject({
      code: 0,
      errors: expect.stringMatching(/^schedhint top: --mode 0666: .*every user .*any thread.*\n$/),
    });
    expect(await run('--group', 'staff')).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/ERR_SCHEDHINT_OPTION: --group must be the number of a group/),
    });
    const help = (await run('--help')).text.replaceAll(/\s+/g, ' ');
    expect(help).toContain('0666 lets every user of the machine set the hints of any thread');
  });

  test('what is wrong is said in one line', async () => {
    expect(await run('--sort', 'beauty')).toMatchObject({
      code: 1,
      errors: expect.stringMatching(
        /^schedhint top: ERR_SCHEDHINT_OPTION: --sort must be one of pid, .*\n$/,
      ),
    });
    expect(await run('--interval', '0')).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/ERR_SCHEDHINT_OPTION: --interval must be a number from 0.1/),
    });
    expect(await run('--mode', 'rw-')).toMatchObject({
      code: 1,
      errors: expect.stringMatching(
        /ERR_SCHEDHINT_OPTION: --mode must be octal permissions such as 0660/,
      ),
    });
    expect(await run('--map', '/no/such/map')).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/ERR_SCHEDHINT_OBSERVER_MAP: cannot pin in \/no\/such/),
    });
  });

  /** In its own terminal; what it has drawn, frame by frame. */
  function inTerminal(env: NodeJS.ProcessEnv = {}, ...args: string[]) {
    const shell = `stty cols 150 rows 12 && exec "$0" "$@"`;
    const line = [process.execPath, command, 'top', '--map', map, '--interval', '0.2', ...args];
    const quoted = ['sh', '-c', shell, ...line].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-qec', quoted, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', NO_COLOR: '', ...env },
    });
    children.push(child);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    const frames = () =>
      text
        .split('\x1b[H')
        .slice(1)
        .filter((frame) => frame.includes('q quit'))
        .map((frame) => frame.split('\r\n').map((one) => one.split(CLEAR_LINE)[0]!));
    const untilFrame = (what: string, is: (frame: string[]) => boolean) =>
      until(
        what,
        () => frames().some(is),
        () => frames().at(-1),
      );
    return {
      untilFrame,
      press: (keys: string) => child.stdin.write(keys),
      ended: once(child, 'close').then(([code]) => ({ code: code as number, text })),
    };
  }

  test('in a terminal: redrawn in place, sorted by keys, left as it was', async () => {
    const top = inTerminal();
    await top.untilFrame('the rows are there', (frame) => / main .* 900 /.test(frame.join('\n')));
    await top.untilFrame('sorted by GC%', (frame) => frame[1]!.includes('*GC%'));
    top.press('u');
    await top.untilFrame('sorted by urgency', (frame) => {
      const order = [...frame.join('\n').matchAll(/ (900|500|100) +- /g)].map(
        ([, urgency]) => urgency,
      );
      return frame[1]!.includes('*URG') && String(order) === '900,500,100';
    });
    top.press('r');
    await top.untilFrame('the other way round', (frame) => {
      const order = [...frame.join('\n').matchAll(/ (900|500|100) +- /g)].map(
        ([, urgency]) => urgency,
      );
      return String(order) === '100,500,900';
    });
    top.press('\x1b[C');
    await top.untilFrame('the next column', (frame) => frame[1]!.includes('*SLICE'));
    top.press('\x1b[D\x1b[D');
    await top.untilFrame('two back', (frame) => frame[1]!.includes('*IN GC'));
    top.press('q');
    const { code, text } = await top.ended;
    expect(code).toBe(0);
    expect(text.startsWith('\x1b[?1049h\x1b[?25l')).toBe(true);
    expect(text.trimEnd().endsWith('\x1b[?25h\x1b[?1049l')).toBe(true);
    expect(text).toContain('\x1b[7m'); // the titles, reversed
  });

  test('^C ends it too; NO_COLOR is heeded; it ends after --iterations', async () => {
    const plain = inTerminal({ NO_COLOR: '1' });
    await plain.untilFrame('a frame', (frame) => / main /.test(frame.join('\n')));
    plain.press('\x03');
    const { code, text } = await plain.ended;
    expect(code).toBe(0);
    expect(text).not.toContain('\x1b[7m');
    expect((await inTerminal({}, '--iterations', '1').ended).code).toBe(0);
  });

  test('SIGTERM leaves the terminal as it was', async () => {
    const top = inTerminal();
    await top.untilFrame('a frame', (frame) => / main /.test(frame.join('\n')));
    const pids = execFileSync('pgrep', ['-f', `schedhint.js top --map ${map}`], {
      encoding: 'utf8',
    });
    const own = pids.trim().split('\n').map(Number);
    // The one that runs it, not script or the shell, whose command lines have it too.
    process.kill(own.at(-1)!, 'SIGTERM');
    expect((await top.ended).text.trimEnd().endsWith('\x1b[?25h\x1b[?1049l')).toBe(true);
  });
});
