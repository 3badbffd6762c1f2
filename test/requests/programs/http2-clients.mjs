// Random HTTP/2 clients: they cancel streams, are slow, send `expect:`, end sessions in every way.

import { connect, constants } from 'node:http2';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { relayTo } from './relay.mjs';
import { PATHS } from './servers.mjs';

const stream = fc.record({
  path: fc.constantFrom(...PATHS),
  urgency: fc.integer({ min: 1, max: 1024 }),
  deadlineMs: fc.nat(1000),
  pieces: fc.nat(4),
  expect: fc.constantFrom(undefined, undefined, '100-continue', 'nonsense'),
  cancelAfter: fc.option(fc.nat(6)),
});

const ENDINGS = [
  'answered',
  'client-destroy',
  'client-goaway',
  'reset',
  'server-destroy',
  'server-goaway',
  'server-close',
];

export const http2Script = fc.record({
  streams: fc.array(stream, { minLength: 1, maxLength: 6 }),
  turns: fc.nat(6),
  /** After so many bytes its connection is reset. */
  cut: fc.option(fc.integer({ min: 1, max: 600 }), { freq: 5 }),
  ending: fc.constantFrom(...ENDINGS),
});

const hold = {
  path: '/hold',
  urgency: 900,
  deadlineMs: 1,
  pieces: 0,
  expect: undefined,
  cancelAfter: null,
};

const base = { turns: 0, cut: null, ending: 'answered' };

/** One of each fault, so that each run of the test has had them all. */
export const http2Examples = [
  ...ENDINGS.map((ending) => [{ ...base, streams: Array(3).fill(hold), ending }]),
  [{ ...base, streams: [{ ...hold, cancelAfter: 2 }], turns: 6 }],
  ...[40, 100].map((cut) => [{ ...base, streams: Array(3).fill(hold), cut }]),
  [{ ...base, streams: [{ ...hold, path: '/now' }] }],
  [{ ...base, streams: [{ ...hold, path: '/body', pieces: 4 }] }],
  ...['100-continue', 'nonsense'].map((expect) => [
    { ...base, streams: [{ ...hold, path: '/now', expect }] },
  ]),
];

/** What happened, to show that the faults did. */
export const http2Counts = () => ({
  cancelled: 0,
  cut: 0,
  clientDestroyed: 0,
  clientGoaway: 0,
  reset: 0,
  serverDestroyed: 0,
  serverGoaway: 0,
  serverClosed: 0,
  slow: 0,
  expected: 0,
  answered: 0,
});

function open(session, { path, urgency, deadlineMs, pieces, expect }, counts) {
  const headers = { ':path': `${path}?u=${urgency}&d=${deadlineMs}` };
  if (pieces > 0) Object.assign(headers, { ':method': 'POST', 'content-type': 'text/x-test' });
  if (expect !== undefined) headers.expect = expect;
  const request = session.request(headers, { endStream: pieces === 0 });
  request.on('error', () => {});
  request.on('response', ({ ':status': status }) => {
    if (status === 200) counts.answered++;
    if (expect !== undefined) counts.expected++;
  });
  request.resume();
  const over = new Promise((resolve) => {
    for (const event of ['end', 'error', 'close']) request.once(event, resolve);
  });
  return { request, over };
}

async function act({ request }, { pieces, cancelAfter }, counts) {
  for (let i = 0; i < pieces; i++) {
    if (request.destroyed) return;
    request.write('piece');
    if (i > 0) counts.slow++;
    await turn();
  }
  if (pieces > 0 && !request.destroyed) request.end();
  if (cancelAfter === null) return;
  for (let i = 0; i < cancelAfter; i++) await turn();
  if (!request.destroyed) request.close(constants.NGHTTP2_CANCEL);
}

/** Runs a client against a server until its connection is closed. */
export async function runHttp2({ server, record, port }, script, counts) {
  const { streams, turns, ending, cut } = script;
  const relay = await relayTo(port, cut);
  relay.gone.then(() => record.emit('change'));
  const session = connect(`http://127.0.0.1:${relay.port}`);
  session.on('error', () => {});
  const goaway = new Promise((resolve) => session.once('goaway', resolve));
  goaway.then(() => counts.serverGoaway++);
  const arrived = record.arrived;
  const opened = streams.map((one) => open(session, one, counts));
  const acting = Promise.all(opened.map((one, i) => act(one, streams[i], counts)));
  await record.until(() => relay.isGone() || record.arrived > arrived);
  for (let i = 0; i < turns; i++) await turn();
  end(session, relay.wire, ending, server, record, counts);
  await acting;
  if (ending === 'answered' || ending.endsWith('goaway')) {
    const answered = opened.filter((_, i) => isAnswered(streams[i])).map(({ over }) => over);
    await Promise.race([Promise.all(answered), relay.gone]);
    if (ending === 'server-goaway') await Promise.race([goaway, relay.gone]);
  }
  if (relay.isCut()) counts.cut++;
  await relay.close();
  session.destroy();
}

/** The server answers it, and the client waits for the answer. */
const isAnswered = ({ path, expect, cancelAfter }) =>
  cancelAfter === null && expect !== 'nonsense' && path !== '/hold' && path !== '/destroy';

function end(session, wire, ending, server, record, counts) {
  switch (ending) {
    case 'client-destroy':
      counts.clientDestroyed++;
      session.destroy();
      return;
    case 'client-goaway':
      if (session.destroyed) return;
      counts.clientGoaway++;
      session.goaway(constants.NGHTTP2_NO_ERROR);
      return;
    case 'reset':
      counts.reset++;
      wire.resetAndDestroy();
      return;
    case 'server-destroy':
      counts.serverDestroyed++;
      for (const other of record.sessions) other.destroy();
      return;
    case 'server-goaway':
      for (const other of record.sessions) {
        if (!other.destroyed) other.goaway(constants.NGHTTP2_NO_ERROR);
      }
      return;
    case 'server-close':
      counts.serverClosed++;
      server.close();
      for (const other of record.sessions) other.destroy();
      return;
  }
}
