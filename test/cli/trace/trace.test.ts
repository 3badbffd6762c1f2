import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ObservedThread, startObserver, type ThreadEvent } from '@schedhint/observer';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { page } from '../../../packages/observer/dist/cli/trace/page.js';
import { Recorder } from '../../../packages/observer/dist/cli/trace/recorder.js';
import type { Timeline } from '../../../packages/observer/dist/cli/trace/timeline.js';
import { type Bpffs, mountBpffs } from '../../rig/bpffs.js';
import { describeOnKernel } from '../../rig/kernel-support.js';
import { Observer } from '../../rig/observer-process.js';
import { until } from '../../rig/until.js';
import { APP_THREADS, CollectingApp } from '../observer/collecting-app.js';
import { faultsOf, type ReadEvent } from './trace-format.js';

const command = fileURLToPath(
  new URL('../../../packages/schedhint/bin/schedhint.js', import.meta.url),
);
const PERIOD_NS = 100_000;

async function run(...args: string[]) {
  const child = spawn(process.execPath, [command, 'trace', ...args]);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}

/** The page as a browser has it once its script has run. */
function rendered(file: string): string {
  const chromium = ['--headless', '--no-sandbox', '--disable-gpu', '--dump-dom', `file://${file}`];
  return execFileSync('chromium', chromium, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** The page's table: a row of texts for each thread. */
function tableOf(dom: string): string[][] {
  const [, body] = /<tbody>(.*?)<\/tbody>/s.exec(dom)!;
  return [...body!.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
    [...row!.matchAll(/<td>(.*?)<\/td>/gs)].map(([, cell]) => cell!),
  );
}

/** All that there is to be seen of the app. */
function hasAll(events: readonly ReadEvent[]): boolean {
  const names = new Set(events.map(({ name }) => name));
  const sched = ['process_name', 'on CPU', 'runnable', 'hints', 'preempted'];
  return sched.every((name) => names.has(name)) && (names.has('minor GC') || names.has('major GC'));
}

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-trace-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

describeOnKernel('schedhint trace', () => {
  let bpffs: Bpffs;
  let reader: Observer;
  let app: CollectingApp;
  let map: string;

  beforeAll(async () => {
    bpffs = mountBpffs();
    map = `${bpffs.path}/hints`;
    reader = await Observer.start(map);
    app = CollectingApp.start(map, { hogs: 1 });
    await until('its threads are bound and collect', async () => {
      const threads = await reader.threads();
      return (
        threads.filter(({ gcCount, hints }) => gcCount > 0 && hints?.urgency > 0).length ===
        APP_THREADS
      );
    });
  });
  afterAll(async () => {
    await app?.stop();
    await reader?.stop();
    bpffs?.unmount();
  });

  test('what it draws is what the observer has counted', async () => {
    const observer = await startObserver({ map, pid: app.pid, events: true });
    const events: ThreadEvent[] = [];
    observer.on('event', (event) => events.push(event));
    const isJs = (thread: { kind: string }): thread is ObservedThread => thread.kind === 'js';
    await until('every thread has collected, and was preempted in a collection', async () => {
      const threads = (await observer.snapshot()).threads.filter(isJs);
      const enough = threads.filter(
        ({ gcSamples, feedback }) => gcSamples > 100 && feedback.gcPreempted > 0,
      );
      return enough.length === APP_THREADS;
    });
    const last = await observer.stop();
    expect(last.lostEvents).toBe(0);
    const recorder = new Recorder(events[0]!.ns, PERIOD_NS);
    for (const event of events) recorder.add(event);
    const { tracks }: Timeline = recorder.finish(app.pid, 'app', last.ns);
    expect(tracks.filter(({ kind }) => kind === 'js')).toHaveLength(APP_THREADS);

    for (const thread of last.threads.filter(isJs)) {
      const track = tracks.find(({ tid }) => tid === thread.tid)!;
      const total = (spans: readonly { start: number; end: number }[]) =>
        spans.reduce((sum, { start, end }) => sum + end - start, 0);
      // Of switches there is an event each: exactly as many.
      expect(track.preemptions).toHaveLength(thread.feedback.preempted);
      expect(track.preemptions.filter(({ inGc }) => inGc)).toHaveLength(
        thread.feedback.gcPreempted,
      );
      expect(total(track.waits)).toBeGreaterThan(0.99 * thread.feedback.runDelayNs);
      // Every collection that the thread has counted is a pause in the track, or among those that
      // were too short for a look. One that was under way at the start or the end is a pause, too,
      // which the thread has not counted in between.
      const own = events.filter(({ tid, gcCount }) => tid === thread.tid && gcCount !== undefined);
      const counted = own.at(-1)!.gcCount! - own[0]!.gcCount!;
      const drawn =
        track.pauses.length + track.shortPauses.reduce((sum, { count }) => sum + count, 0);
      expect(drawn - counted).toBeGreaterThanOrEqual(0);
      expect(drawn - counted).toBeLessThanOrEqual(1);
      // The observer counts from the first look at the thread. The trace lets a pause that it found
      // then begin when the thread says: before it.
      const first = Number(own[0]!.ns - events[0]!.ns);
      const pauses = track.pauses.map(({ start, end }) => ({ start: Math.max(start, first), end }));
      // The two estimates differ by up to half the time between two looks at the end of each pause (the trace takes
      // their middle), up to all of it at its begin (the observer counts ticks), and by what the pauses too short to
      // see have lasted: less than a period each. Between looks is a period, or more if the machine was late.
      const looks = own.map(({ ns }) => Number(ns - events[0]!.ns));
      const betweenLooksAt = (time: number) => {
        const next = looks.findIndex((look) => look > time);
        return next < 1 ? 0 : looks[next]! - looks[next - 1]!;
      };
      const seen = track.pauses.reduce(
        (sum, { start, end }) => sum + betweenLooksAt(start) + betweenLooksAt(end),
        0,
      );
      const tolerance = 2 * PERIOD_NS * drawn + seen + 0.02 * thread.gcNs;
      expect(Math.abs(total(pauses) - thread.gcNs)).toBeLessThan(tolerance);
    }
    // Helpers do a part of it.
    expect(
      tracks.some(({ kind, onCpu }) => kind === 'helper' && onCpu.some(({ inGc }) => inGc)),
    ).toBe(true);
  });

  test('writes JSON that Perfetto opens', async () => {
    const file = join(scratch, 'trace.json');
    let events: ReadEvent[] = [];
    // Longer where the machine has no time for the app.
    for (let seconds = 1; !hasAll(events); seconds *= 2) {
      const args = ['--map', map, '--pid', String(app.pid), '--seconds', String(seconds)];
      const { code, text } = await run(...args, '-o', file);
      expect(text).toMatch(
        /^recording process .*\n.*trace\.json: [\d.]+ s, \d threads and \d+ helpers; /,
      );
      expect(code).toBe(0);
      const trace = JSON.parse(readFileSync(file, 'utf8'));
      expect(faultsOf(trace)).toEqual([]);
      events = trace.traceEvents;
      // In microseconds from the start, to the end.
      const [, recorded] = /trace\.json: ([\d.]+) s/.exec(text)!;
      const last = Math.max(...events.map(({ ts = 0, dur = 0 }) => Number(ts) + Number(dur)));
      expect(last / 1e6).toBeGreaterThan(Number(recorded) / 2);
      expect(last / 1e6).toBeLessThanOrEqual(Number(recorded) + 0.05); // as it was rounded
    }
    // One track a thread, with its name.
    const tracks = new Set(events.filter(({ ph }) => ph === 'X').map(({ tid }) => tid));
    const named = events.filter(({ name }) => name === 'thread_name').map(({ tid }) => tid);
    expect(named).toEqual([...new Set(named)]);
    expect(named).toEqual(expect.arrayContaining([...tracks]));
    expect(events.find(({ name, tid }) => name === 'hints' && tid === app.pid)!.args).toMatchObject(
      {
        urgency: 900,
        phase: 'serving',
      },
    );
  });

  test('--html: a page that a browser draws, with nothing from elsewhere', async () => {
    const file = join(scratch, 'trace.html');
    const { code } = await run(
      ...['--map', map, '--pid', String(app.pid), '--seconds', '1', '--html', '-o', file],
    );
    expect(code).toBe(0);
    const source = readFileSync(file, 'utf8');
    expect(source).not.toMatch(/\b(?:src|href)=|url\(|@import|https?:/);
    const [, json] = /<script id="data"[^>]*>(.*)<\/script>/.exec(source)!;
    const { tracks } = JSON.parse(json!);
    const dom = rendered(file);
    expect(dom).toContain(`data-drawn="${tracks.length}"`);
    const shown = tableOf(dom);
    expect(shown).toHaveLength(tracks.length);
    for (const [i, { name, kind, pauses, preemptions }] of tracks.entries()) {
      const inGc = preemptions.filter(([, flag]: [number, number]) => flag === 1).length;
      const js = (value: number) => (kind === 'js' ? String(value) : '');
      expect(shown[i]![0]).toBe(name);
      expect(shown[i]![1]).toBe(js(pauses.length));
      expect(shown[i]!.slice(6, 8)).toEqual([js(preemptions.length), js(inGc)]);
    }
  });

  test('^C writes what there is', async () => {
    const file = join(scratch, 'trace.json');
    const args = ['--map', map, '--pid', String(app.pid), '--seconds', '600', '-o', file];
    const child = spawn(process.execPath, [command, 'trace', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await once(child.stderr, 'data'); // it records
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(existsSync(file)).toBe(true);
  });

  test('what is wrong is said in one line', async () => {
    const missing = await run('--map', map, '--pid', '2000000000');
    expect(missing).toMatchObject({
      code: 1,
      text: expect.stringMatching(/ERR_SCHEDHINT_NO_PROCESS/),
    });
    const unbound = await run('--map', map, '--pid', String(process.pid), '--seconds', '0.2');
    expect(unbound.text).toMatch(/ERR_SCHEDHINT_NOTHING_BOUND: .*schedhint doctor/);
    expect(await run('--pid', '0')).toMatchObject({ code: 1 });
  });
});

test('a name from outside cannot end the script of the page', () => {
  const name = '</script><b>';
  const nothing = { waits: [], pauses: [], shortPauses: [], preemptions: [], hints: [], onCpu: [] };
  const tracks = [{ tid: 2, name, kind: 'helper', role: 0, ...nothing } as const];
  const file = join(scratch, 'page.html');
  const text = page({ pid: 1, name, durationNs: 1e9, tracks });
  expect(text).not.toContain(name);
  writeFileSync(file, text);
  const dom = rendered(file);
  expect(dom).toContain('data-drawn="1"');
  expect(dom).toContain('&lt;/script&gt;&lt;b&gt; (1), 1.0 s');
});
