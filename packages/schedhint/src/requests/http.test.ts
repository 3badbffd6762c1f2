import { channel, hasSubscribers } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, ServerResponse } from 'node:http';
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, connect, type Server as NetServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { attachThread } from '@schedhint/core/thread';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { IncomingRequest } from './incoming-request.js';
import { listenBeside } from './listening.js';
import type { RequestTracker } from './request.js';
import { trackRequests } from './track-requests.js';

let tracker: RequestTracker;
const thread = attachThread({ map: '/nonexistent/schedhint' });
const { hints } = thread;

beforeEach(() => {
  tracker = trackRequests({ thread });
});
afterEach(() => tracker.stop());

const urgent = () => ({ urgency: 900 });
const left = () => null;
const published = (): number[] => [tracker.inFlight, hints.urgency];

async function listen(server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function untilIdle(): Promise<void> {
  while (tracker.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
}

test('pipelined requests end when their connection is gone', async () => {
  const server = createServer(() => {});
  tracker.http({ server, describe: urgent });
  const port = await listen(server);
  const client = connect(port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nHost: host\r\n\r\n'.repeat(5));
  while (tracker.inFlight < 5) await once(server, 'request');
  expect(published()).toEqual([5, 900]);
  client.destroy();
  await untilIdle();
  expect(published()).toEqual([0, 0]);
  server.close();
});

test('a connection gets one listener, however many requests it has', async () => {
  const listeners: number[] = [];
  const server = createServer(({ socket }: IncomingMessage, response) => {
    listeners.push(socket.listenerCount('close'));
    response.end();
  });
  tracker.http({ server, describe: urgent });
  const port = await listen(server);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; i < 30; i++) {
    const [response] = await once(get({ port, host: '127.0.0.1', agent }), 'response');
    await text(response);
  }
  expect(sockets.size).toBe(1);
  expect(new Set(listeners).size).toBe(1);
  expect(published()).toEqual([0, 0]);
  agent.destroy();
  server.close();
});

test.each(['checkContinue', 'checkExpectation'])('a request that %s handles', async (event) => {
  const server = createServer(() => {});
  tracker.http({ server, describe: urgent });
  // Added later: Node.js asks whether anybody listens.
  server.on(event, (_, response) => {
    expect(published()).toEqual([1, 900]);
    response.end('handled');
  });
  const port = await listen(server);
  const expectation = event === 'checkContinue' ? '100-continue' : 'nonsense';
  const headers = { expect: expectation, connection: 'close' };
  const [response] = await once(get({ port, host: '127.0.0.1', headers }), 'response');
  expect(await text(response)).toBe('handled');
  await untilIdle();
  server.close();
});

test('without the app no code answers an expectation', async () => {
  const server = createServer((_, response) => response.end('continued'));
  tracker.http({ server, describe: urgent });
  const port = await listen(server);
  const headers = { expect: '100-continue', connection: 'close' };
  const [response] = await once(get({ port, host: '127.0.0.1', headers }), 'response');
  expect(await text(response)).toBe('continued');
  server.close();
});

describe('HTTP/2', () => {
  test('streams are tracked, and the compatibility layer stays off', async () => {
    const server = createHttp2Server();
    const seen: IncomingRequest[] = [];
    const describe = (request: IncomingRequest) => {
      seen.push(request);
      return { urgency: 900 };
    };
    tracker.http({ server, describe });
    expect([server.listenerCount('request'), server.listenerCount('stream')]).toEqual([0, 0]);
    server.on('stream', (stream) => {
      expect(published()).toEqual([1, 900]);
      stream.respond({ ':status': 200 });
      stream.end('streamed');
    });
    expect([server.listenerCount('request'), server.listenerCount('stream')]).toEqual([0, 2]);
    const port = await listen(server);
    const client = connectHttp2(`http://127.0.0.1:${port}`);
    // The compatibility layer would answer it with 417, and respond() would throw.
    const request = client.request({ ':path': '/path?q=1', expect: 'nonsense' });
    const [headers] = await once(request, 'response');
    expect([headers[':status'], await text(request)]).toEqual([200, 'streamed']);
    await untilIdle();
    expect(published()).toEqual([0, 0]);
    expect(seen).toEqual([
      expect.objectContaining({ protocol: 'http2', method: 'GET', path: '/path' }),
    ]);
    expect((seen[0]!.raw as ServerHttp2Stream).id).toBe(1);
    expect(seen[0]!.headers[':authority']).toBe(`127.0.0.1:${port}`);
    client.close();
    server.close();
  });

  test('a server of the compatibility layer, whose listener is added later', async () => {
    const server = createHttp2Server();
    const describe = vi.fn(urgent);
    tracker.http({ server, describe });
    server.on('request', (_, response) => {
      expect(published()).toEqual([1, 900]);
      response.end('compatible');
    });
    const port = await listen(server);
    const client = connectHttp2(`http://127.0.0.1:${port}`);
    const request = client.request({});
    expect(await text(request)).toBe('compatible');
    await untilIdle();
    expect(describe).toHaveBeenCalledOnce();
    client.close();
    server.close();
  });

  test('a CONNECT, which lasts as long as its tunnel, is not tracked', async () => {
    const server = createHttp2Server();
    tracker.http({ server, describe: urgent });
    server.on('stream', (stream) => {
      expect(published()).toEqual([0, 0]);
      stream.respond({ ':status': 200 });
      stream.end();
    });
    const port = await listen(server);
    const client = connectHttp2(`http://127.0.0.1:${port}`);
    const request = client.request({ ':method': 'CONNECT', ':authority': 'host:1' });
    const [headers] = await once(request, 'response');
    expect(headers[':status']).toBe(200);
    client.destroy();
    server.close();
  });
});

describe('listeners', () => {
  test('are there while the app has its own, and none is left', () => {
    const server = new EventEmitter();
    const calls: string[] = [];
    const stop = listenBeside(server, { request: () => calls.push('ours') });
    server.emit('request');
    const app = () => calls.push('app');
    server.on('request', app);
    server.emit('request');
    server.removeListener('request', app);
    expect(server.listenerCount('request')).toBe(0);
    server.once('request', app);
    server.emit('request');
    server.emit('request');
    expect(calls).toEqual(['ours', 'app', 'ours', 'app']);
    server.on('request', app);
    stop();
    stop();
    expect(server.listeners('request')).toEqual([app]);
    server.removeAllListeners('request');
    expect(server.eventNames()).toEqual([]);
  });

  test('of two trackers do not keep each other there', () => {
    const server = new EventEmitter();
    const stops = [1, 2].map(() => listenBeside(server, { request: () => {} }));
    const app = () => {};
    server.on('request', app);
    expect(server.listenerCount('request')).toBe(3);
    server.removeListener('request', app);
    expect(server.listenerCount('request')).toBe(0);
    for (const stop of stops) stop();
    expect(server.eventNames()).toEqual([]);
  });
});

test.each([
  [{ describe: {} }, 'describe: expected a function, got object'],
  [{ describe: null }, 'describe: expected a function, got null'],
  [{ server: {} }, 'server: expected one of node:http'],
  [{ server: null }, 'server: expected one of node:http'],
  [{ sever: createServer() }, 'did you mean server?'],
  [() => null, 'expected an object of options'],
])('%o is refused before the first request', (options, message) => {
  const call = () => tracker.http(options as never);
  expect(call).toThrow(TypeError);
  expect(call).toThrow(expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }));
  expect(call).toThrow(message);
});

/** Asks a server of node:http for a path. @returns its answer */
async function ask(port: number, path = '/'): Promise<string> {
  const headers = { connection: 'close' };
  const [response] = await once(get({ port, host: '127.0.0.1', path, headers }), 'response');
  return text(response);
}

describe('of the whole thread', () => {
  test('the requests of every server, until it is stopped', async () => {
    const servers = [1, 2].map(() => createServer((_, response) => response.end(`${published()}`)));
    const tracking = tracker.http({ describe: urgent });
    for (const server of servers) {
      expect(await ask(await listen(server))).toBe('1,900');
      await untilIdle();
    }
    tracking.stop();
    const { port } = servers[0]!.address() as AddressInfo;
    expect(await ask(port)).toBe('0,0');
    tracker.http();
    expect(await ask(port)).toBe('1,0');
    tracker.http({ server: servers[0]! });
    tracker.stop();
    expect(await ask(port)).toBe('0,0');
    expect(hasSubscribers('http.server.request.start')).toBe(false);
    expect(hasSubscribers('http2.server.stream.created')).toBe(false);
    expect(servers[0]!.listenerCount('request')).toBe(1);
    tracker.http();
    expect(hasSubscribers('http.server.request.start')).toBe(false);
    for (const server of servers) server.close();
  });

  test('what describe gets', async () => {
    const server = createServer((_, response) => response.end());
    const describe = vi.fn((_: IncomingRequest) => null);
    tracker.http({ describe });
    await ask(await listen(server), '/a%20B?c=/d?');
    const [incoming] = describe.mock.calls[0]!;
    const { protocol, method, path, headers, raw } = incoming;
    expect([protocol, method, path]).toEqual(['http', 'GET', '/a%20B']);
    expect([headers.connection, (raw as IncomingMessage).url]).toEqual(['close', '/a%20B?c=/d?']);
    server.close();
  });

  const SWITCHING = 'HTTP/1.1 101 Upgraded\r\nConnection: upgrade\r\nUpgrade: echo\r\n';
  test('an upgrade is not tracked', async () => {
    const server = createServer();
    server.on('upgrade', (_, socket) => socket.end(`${SWITCHING}\r\n${published()}`));
    tracker.http({ describe: urgent });
    const port = await listen(server);
    const headers = { connection: 'upgrade', upgrade: 'echo' };
    const request = get({ port, host: '127.0.0.1', headers });
    const [response, socket, head] = await once(request, 'upgrade');
    expect(response.statusCode).toBe(101);
    expect(`${head}${await text(socket)}`).toBe('0,0');
    server.close();
  });
});

describe('what an app cannot expect to fail', () => {
  /** A response as some app may have it. */
  class Unlistened extends ServerResponse {}
  Object.assign(Unlistened.prototype, {
    on(event: string, listener: () => void) {
      if (event === 'close') throw new Error('no listeners here');
      return ServerResponse.prototype.addListener.call(this, event, listener);
    },
  });

  test.each(['its server', 'the thread'])('a message that cannot be tracked, of %s', async (of) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const uncaught = vi.fn();
    process.on('uncaughtException', uncaught);
    const server = createServer({ ServerResponse: Unlistened }, (_, response) =>
      response.end(`${published()}`),
    );
    tracker.http(of === 'its server' ? { server, describe: urgent } : { describe: urgent });
    const port = await listen(server);
    expect([await ask(port), await ask(port)]).toEqual(['0,0', '0,0']);
    expect(warn.mock.calls).toEqual([
      [
        'requests are no longer tracked: Error: no listeners here',
        { code: 'SCHEDHINT_REQUEST_STOPPED' },
      ],
    ]);
    expect(uncaught).not.toHaveBeenCalled();
    expect(hasSubscribers('http.server.request.start')).toBe(false);
    process.off('uncaughtException', uncaught);
    warn.mockRestore();
    server.close();
  });

  test('something else on the channel', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    tracker.http({ describe: urgent });
    channel('http.server.request.start').publish(undefined);
    expect(warn).toHaveBeenCalledOnce();
    expect([published(), hasSubscribers('http.server.request.start')]).toEqual([[0, 0], false]);
    warn.mockRestore();
  });
});

describe('a message that two track', () => {
  test('counts once; the later one adds to its hints', async () => {
    const server = createServer((request, response) => {
      expect(tracker.of(request)).toBe(tracker.of(response));
      response.end(`${published()},${hints.deadlineNs}`);
    });
    tracker.http({ describe: () => ({ urgency: 100, deadlineNs: 7 }) });
    tracker.http({ server, describe: urgent });
    tracker.http({ server });
    expect(await ask(await listen(server))).toBe('1,900,7');
    await untilIdle();
    server.close();
  });

  test.each([
    [left, urgent],
    [urgent, left],
  ])('null from one of them leaves it out', async (first, second) => {
    const server = createServer((request, response) => {
      tracker.of(request)?.set({ urgency: 1000 });
      response.end(`${published()}`);
    });
    tracker.http({ describe: first });
    tracker.http({ server, describe: second });
    expect(await ask(await listen(server))).toBe('0,0');
    server.close();
  });

  test('of() knows what its own tracker has begun', async () => {
    const other = trackRequests({ thread: { hints: { set() {} } } as never });
    const server = createServer((request, response) => {
      expect([other.of(request), other.of(response)]).toEqual([undefined, undefined]);
      tracker.of(request)!.end();
      response.end(`${published()},${tracker.of(request) !== undefined}`);
    });
    tracker.http({ server });
    expect(await ask(await listen(server))).toBe('0,0,true');
    server.close();
    expect(() => tracker.of(undefined as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
    );
  });
});

describe('describe', () => {
  const rejected = (async () => {
    throw new Error('later');
  }) as never;
  test.each([
    ['throws', () => JSON.parse('{'), 'SyntaxError'],
    ['gives an invalid hint', () => ({ urgency: Number('high') }), /urgency: .*got NaN/],
    ['gives an unknown name', () => ({ urgencey: 5 }), 'did you mean urgency?'],
    ['gives nothing', () => {}, 'hints: expected an object, got undefined'],
    ['is asynchronous', rejected, 'describe returned a promise'],
  ])('that %s is one warning of its tracker; the request has no hints', async (_, bad, message) => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const server = createServer((_, response) => response.end(`${published()}`));
    tracker.http({ describe: bad as never });
    tracker.http({ server, describe: bad as never });
    const port = await listen(server);
    expect([await ask(port), await ask(port)]).toEqual(['1,0', '1,0']);
    await untilIdle();
    process.off('warning', onWarning);
    expect(warnings).toEqual([
      expect.objectContaining({
        code: 'SCHEDHINT_REQUEST',
        message: expect.stringMatching(message),
      }),
    ]);
    server.close();
  });
});
