import { describe, expect, test } from 'vitest';
import { type RoleClues, rolesOf } from './thread-roles.js';
import type { ThreadCounts } from './threads.js';

const thread = (tid: number, part: Partial<ThreadCounts> = {}): ThreadCounts => ({
  tid,
  innerTid: tid,
  name: 'node',
  state: 'S',
  startTicks: 100,
  blockedSignals: '0000000000000000',
  sleepsIn: '',
  cpuMs: 0,
  waitMs: 0,
  voluntarySwitches: 0,
  involuntarySwitches: 0,
  majorFaults: 0,
  ...part,
});

const clues = (part: Partial<RoleClues> = {}): RoleClues => ({
  pid: 1,
  program: 'node',
  javaScript: new Set(),
  inEpoll: new Set(),
  poolSize: 4,
  ...part,
});

const roles = (threads: readonly ThreadCounts[], part: Partial<RoleClues> = {}) => [
  ...rolesOf(threads, clues(part)).values(),
];

const PLATFORM = { blockedSignals: '0000000000000200' };
const INSPECTOR = { blockedSignals: 'fffffffe7ffbfeff' };
const pool = [10, 11, 12, 13].map((tid) => thread(tid, { startTicks: 250 }));

describe('what a thread is for', () => {
  test('by the names of Node.js 24 and 26', () => {
    const names = [
      'node-MainThread',
      'DelayedTaskSche',
      'node-V8Worker',
      'V8Worker',
      'SignalInspector',
    ];
    const threads = [...names, 'libuv-worker', 'WorkerThread', 'tokio'].map((name, i) =>
      thread(i + 1, { name }),
    );
    expect(roles(threads)).toEqual(['main', 'v8', 'v8', 'v8', 'node', 'libuv', 'worker', 'other']);
  });

  test('without names, as in Node.js 20: by their signals, and the pool by its start', () => {
    const threads = [thread(1), thread(2, PLATFORM), thread(3, INSPECTOR), thread(4), ...pool];
    expect(roles(threads)).toEqual(['main', 'v8', 'node', 'other', ...pool.map(() => 'libuv')]);
  });

  test('a thread that waits in an event loop is a worker, and not of the pool', () => {
    const workers = pool.map(({ tid }) => thread(tid, { startTicks: 250 }));
    expect(roles(workers, { inEpoll: new Set([10, 12]) })).toEqual([
      'worker',
      'other',
      'worker',
      'other',
    ]);
  });

  test('the threads that say so run JavaScript, whatever their name', () => {
    const threads = [thread(5, { name: 'libuv-worker' }), thread(6, { name: 'mine' })];
    expect(roles(threads, { javaScript: new Set([5, 6]) })).toEqual(['worker', 'worker']);
  });

  test('of a program with another name; what others have named stays unknown', () => {
    const named = pool.map((one) => ({ ...one, name: 'server' }));
    expect(roles(named, { program: 'server' })).toEqual(pool.map(() => 'libuv'));
    expect(roles(named)).toEqual(pool.map(() => 'other'));
  });

  test('a pool of another size', () => {
    expect(roles(pool, { poolSize: 5 })).toEqual(pool.map(() => 'other'));
    expect(roles(pool.slice(1), { poolSize: 2 })).toEqual(['libuv', 'libuv', 'other']);
  });
});
