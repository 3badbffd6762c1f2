import { channel } from 'node:diagnostics_channel';
import { Writable } from 'node:stream';
import { attachThread, STATUS_CHANNEL, type Status } from '@schedhint/core/thread';
import pino from 'pino';
import { expect, test } from 'vitest';
import { logStatus } from './index.js';

const map = '/sys/fs/bpf/schedhint';

test('a line of pino for each change, and what is so now', () => {
  const lines: Record<string, unknown>[] = [];
  const logger = pino(
    new Writable({
      write(line: Buffer, _, next) {
        lines.push(JSON.parse(line.toString()));
        next();
      },
    }),
  );
  const thread = attachThread({ map: '/nonexistent/schedhint', scoped: true });
  const logging = logStatus(logger, thread);
  const { status } = thread;
  if (status.state === 'bound') throw new Error('bound to a map that is not there');
  const tell = (now: Status) => channel(STATUS_CHANNEL).publish({ tid: 7, map, status: now });
  tell({
    state: 'bound',
    map: { path: map, id: 12, by: 'self' },
    readBy: { abi: 1, flags: 1 },
  });
  tell({ state: 'waiting', code: 'ERR_SCHEDHINT_MAP_NOT_FOUND', reason: 'start the scheduler' });
  tell({ state: 'unavailable', code: 'ERR_SCHEDHINT_MAP_PERMISSION', reason: 'chmod the pin' });
  logging.stop();
  tell({ state: 'waiting', code: 'ERR_SCHEDHINT_MAP_NOT_FOUND', reason: 'no process listens' });
  thread.stop();

  const [info, warn] = [30, 40];
  expect(lines.map(({ level, msg, schedhint }) => ({ level, msg, schedhint }))).toEqual([
    {
      level: status.state === 'waiting' ? info : warn,
      msg: `schedhint: ${status.state}: ${status.reason}`,
      schedhint: { state: status.state, tid: thread.tid || expect.any(Number), code: status.code },
    },
    {
      level: info,
      msg: 'schedhint: bound',
      schedhint: { state: 'bound', tid: 7, map, mapId: 12, by: 'self' },
    },
    {
      level: info,
      msg: 'schedhint: waiting: start the scheduler',
      schedhint: { state: 'waiting', tid: 7, map, code: 'ERR_SCHEDHINT_MAP_NOT_FOUND' },
    },
    {
      level: warn,
      msg: 'schedhint: unavailable: chmod the pin',
      schedhint: { state: 'unavailable', tid: 7, map, code: 'ERR_SCHEDHINT_MAP_PERMISSION' },
    },
  ]);
});
