// Random HTTP/1 clients: they pipeline, stop at any byte, reset, half-close, are slow, upgrade.

import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { PATHS } from './servers.mjs';

const request = fc.record({
  path: fc.constantFrom(...PATHS),
  urgency: fc.integer({ min: 1, max: 1024 }),
  deadlineMs: fc.nat(1000),
  body: fc.option(fc.nat(2000)),
  expect: fc.constantFrom(undefined, undefined, '100-continue', 'nonsense'),
});

const ENDINGS = ['answered', 'reset', 'destroy', 'half-close', 'server-close'];

/** What a client does. `cut`: it sends only so many bytes of its requests, modulo their length. */
export const http1Script = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('requests'),
      requests: fc.array(request, { minLength: 1, maxLength: 6 }),
      cut: fc.option(fc.nat(10_000)),
      writes: fc.integer({ min: 1, max: 6 }),
      turns: fc.nat(6),
      ending: fc.constantFrom(...ENDINGS),
    }),
  },
  fc.record({
    kind: fc.constant('upgrade'),
    ending: fc.constantFrom('reset', 'destroy', 'half-close', 'server-close'),
  }),
);

const hold = { path: '/hold', urgency: 900, deadlineMs: 1, body: null, expect: undefined };
const base = { kind: 'requests', cut: null, writes: 1, turns: 0 };

/** One of each fault, so that each run of the test has had them all. */
export const http1Examples = [
  ...['reset', 'destroy', 'half-close', 'server-close'].map((ending) => [
    { ...base, requests: Array(5).fill(hold), ending },
  ]),
  [
    {
      ...base,
      requests: [
        { ...hold, path: '/turn' },
        { ...hold, path: '/now' },
      ],
      ending: 'answered',
    },
  ],
  [{ ...base, requests: [{ ...hold, path: '/body', body: 900 }], writes: 6, ending: 'answered' }],
  [{ ...base, requests: [{ ...hold, body: 900 }], cut: 500, writes: 3, ending: 'reset' }],
  [{ ...base, requests: [{ ...hold, body: 9, expect: '100-continue' }], ending: 'reset' }],
  [{ ...base, requests: [{ ...hold, path: '/now', expect: 'nonsense' }], ending: 'answered' }],
  [{ kind: 'upgrade', ending: 'destroy' }],
];

/** What happened, to show that the faults did. */
export const http1Counts = () => ({
  reset: 0,
  destroyed: 0,
  halfClosed: 0,
  serverClosed: 0,
  cut: 0,
  slow: 0,
  answered: 0,
  continued: 0,
  refusedExpectation: 0,
  upgraded: 0,
  queuedAtHangUp: 0,
});

function bytesOf({ path, urgency, deadlineMs, body, expect }, isLast) {
  const lines = [
    `${body === null ? 'GET' : 'POST'} ${path}?u=${urgency}&d=${deadlineMs} HTTP/1.1`,
    'Host: host',
    ...(body === null ? [] : [`Content-Length: ${body}`, 'Content-Type: text/x-test']),
    ...(expect === undefined ? [] : [`Expect: ${expect}`]),
    // For the rules of zero-code.json; some of it is garbage.
    `Priority: u=${urgency % 10}`,
    `Grpc-Timeout: ${deadlineMs}${'mSnuHMx'[urgency % 7]}`,
    ...(isLast ? ['Connection: close'] : []),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${'b'.repeat(body ?? 0)}`;
}

/** Runs a client against a server until its connection is closed. */
export async function runHttp1({ server, record, port }, script, counts) {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  // Not once(): it rejects at an 'error', which is what resets are.
  const gone = new Promise((resolve) => socket.once('close', resolve));
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), gone]);
  if (script.kind === 'upgrade') await upgrade(socket, gone);
  else await send(socket, script, record, gone, counts);
  await end(socket, script, server, counts);
  await gone;
  counts.continued += received.includes(' 100 Continue') ? 1 : 0;
  counts.refusedExpectation += received.includes(' 417 ') ? 1 : 0;
  counts.answered += received.includes('answer\n') ? 1 : 0;
}

async function upgrade(socket, gone) {
  socket.write(
    'GET /hold?u=900&d=1 HTTP/1.1\r\nHost: host\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
  );
  await Promise.race([new Promise((resolve) => socket.once('data', resolve)), gone]);
}

async function send(socket, { requests, cut, writes, turns }, record, gone, counts) {
  const all = requests.map((one, i) => bytesOf(one, i === requests.length - 1)).join('');
  const bytes = cut === null ? all : all.slice(0, cut % all.length);
  const arrived = record.arrived;
  for (let i = 0; i < writes; i++) {
    const [from, to] = [i, i + 1].map((n) => Math.floor((bytes.length * n) / writes));
    socket.write(bytes.slice(from, to), 'latin1');
    if (i + 1 < writes) await turn();
  }
  if (cut !== null) counts.cut++;
  if (writes > 1 && requests.some(({ body }) => body > 0)) counts.slow++;
  // With `Expect: nonsense` the server answers on its own, and no request arrives.
  if (cut === null && requests[0].expect !== 'nonsense') {
    let isGone = false;
    gone.then(() => {
      isGone = true;
      record.emit('change');
    });
    await record.until(() => isGone || record.arrived > arrived);
  }
  for (let i = 0; i < turns; i++) await turn();
}

/**
 * An answer to each will come, and then the server closes the connection. Not if a response is destroyed while those before it are
 * under way: since version 24 Node.js leaves the connection open then, and the client has to give up.
 */
const isAnswerable = ({ kind, requests, cut }) =>
  kind === 'requests' &&
  cut === null &&
  requests.every(({ path }, i) => path !== '/hold' && (path !== '/destroy' || i === 0));

async function end(socket, script, server, counts) {
  if (script.ending === 'answered' && isAnswerable(script)) return;
  switch (socket.destroyed ? 'gone' : script.ending) {
    case 'gone':
      return;
    case 'reset':
      counts.reset++;
      socket.resetAndDestroy();
      return;
    case 'half-close':
      counts.halfClosed++;
      socket.end();
      return;
    case 'server-close':
      counts.serverClosed++;
      server.close();
      server.closeAllConnections();
      // Node.js no longer counts a connection that was upgraded as its own.
      if (script.kind === 'upgrade') socket.destroy();
      return;
    default:
      counts.destroyed++;
      socket.destroy();
  }
}
