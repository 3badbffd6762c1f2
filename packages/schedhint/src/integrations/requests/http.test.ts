import { EventEmitter, once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, type Server as NetServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { attachThread } from '@schedhint/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HttpRequest, trackHttpServer } from './http.js';
import { listenBeside } from './listening.js';
import type { Requests } from './request.js';
import { trackRequests } from './requests.js';

let requests: Requests;
const { hints } = attachThread({ map: '/nonexistent/schedhint' });

beforeEach(() => {
  requests = trackRequests(hints);
});
afterEach(() => requests.stop());

const urgent = () => ({ urgency: 900 });
const told = () => [requests.inFlight, hints.urgency];

async function listen(server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function untilIdle(): Promise<void> {
  while (requests.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
}

test('pipelined requests end when their connection is gone', async () => {
  const server = createServer(() => {});
  trackHttpServer(server, requests, urgent);
  const port = await listen(server);
  const client = connect(port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nHost: host\r\n\r\n'.repeat(5));
  while (requests.inFlight < 5) await once(server, 'request');
  expect(told()).toEqual([5, 900]);
  client.destroy();
  await untilIdle();
  expect(told()).toEqual([0, 0]);
  server.close();
});

test('a connection gets one listener, however many requests it has', async () => {
  const listeners: number[] = [];
  const server = createServer(({ socket }: IncomingMessage, response) => {
    listeners.push(socket.listenerCount('close'));
    response.end();
  });
  trackHttpServer(server, requests, urgent);
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
  expect(told()).toEqual([0, 0]);
  agent.destroy();
  server.close();
});

test.each(['checkContinue', 'checkExpectation'])('a request that %s handles', async (event) => {
  const server = createServer(() => {});
  trackHttpServer(server, requests, urgent);
  // Added later: Node.js asks whether anybody listens.
  server.on(event, (_, response) => {
    expect(told()).toEqual([1, 900]);
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

test('without the app there is nobody who answers an expectation', async () => {
  const server = createServer((_, response) => response.end('continued'));
  trackHttpServer(server, requests, urgent);
  const port = await listen(server);
  const headers = { expect: '100-continue', connection: 'close' };
  const [response] = await once(get({ port, host: '127.0.0.1', headers }), 'response');
  expect(await text(response)).toBe('continued');
  server.close();
});

describe('HTTP/2', () => {
  test('streams are tracked, and the compatibility layer stays off', async () => {
    const server = createHttp2Server();
    const seen: HttpRequest[] = [];
    trackHttpServer(server, requests, (request) => {
      seen.push(request);
      return { urgency: 900 };
    });
    expect([server.listenerCount('request'), server.listenerCount('stream')]).toEqual([0, 0]);
    server.on('stream', (stream) => {
      expect(told()).toEqual([1, 900]);
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
    expect(told()).toEqual([0, 0]);
    expect(seen).toEqual([
      expect.objectContaining({ method: 'GET', url: '/path?q=1', httpVersion: '2.0' }),
    ]);
    expect(seen[0]!.headers[':authority']).toBe(`127.0.0.1:${port}`);
    client.close();
    server.close();
  });

  test('a server of the compatibility layer, whose listener is added later', async () => {
    const server = createHttp2Server();
    let calls = 0;
    trackHttpServer(server, requests, () => {
      calls++;
      return { urgency: 900 };
    });
    server.on('request', (_, response) => {
      expect(told()).toEqual([1, 900]);
      response.end('compatible');
    });
    const port = await listen(server);
    const client = connectHttp2(`http://127.0.0.1:${port}`);
    const request = client.request({});
    expect(await text(request)).toBe('compatible');
    await untilIdle();
    expect(calls).toBe(1);
    client.close();
    server.close();
  });

  test('a CONNECT, which lasts as long as its tunnel, is not tracked', async () => {
    const server = createHttp2Server();
    trackHttpServer(server, requests, urgent);
    server.on('stream', (stream) => {
      expect(told()).toEqual([0, 0]);
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

test('describe that is not a function is refused before the first request', () => {
  expect(() => trackHttpServer(createServer(), requests, {} as never)).toThrow(
    expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
  );
});
