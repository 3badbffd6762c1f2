// Servers whose requests are tracked, each with its own record of what is open. The record is
// kept without schedhint, so that the test can compare.

import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import Fastify from 'fastify';
import { deadlineIn } from 'schedhint';
import { fastifyRequests } from 'schedhint/fastify';

/** What a path does. `/hold` answers nothing: the request lasts until its connection is gone. */
export const PATHS = ['/now', '/turn', '/body', '/stream', '/hold', '/destroy'];

/** `/hold?u=900&d=50` asks for urgency 900, and an answer within 50 ms. */
function describe({ raw, headers }) {
  const { searchParams } = new URL(headers?.[':path'] ?? raw.url, 'http://host');
  const [urgency, due] = [Number(searchParams.get('u')), Number(searchParams.get('d'))];
  return { urgency, deadlineNs: due ? deadlineIn(due) : undefined };
}

async function* pieces() {
  for (let i = 0; i < 4; i++) {
    await turn();
    yield 'piece\n';
  }
}

/** Serves a request; `body` and `answer` are streams, for HTTP/2 the same one. */
async function serve(path, body, answer) {
  answer.on('error', () => {});
  body.on('error', () => {});
  if (path.startsWith('/hold')) return;
  if (path.startsWith('/destroy')) {
    await turn();
    answer.destroy();
    return;
  }
  if (path.startsWith('/turn')) await turn();
  if (path.startsWith('/body'))
    await body
      .resume()
      .toArray()
      .catch(() => {});
  if (path.startsWith('/stream')) Readable.from(pieces()).pipe(answer);
  else answer.end('answer\n');
}

/** What is open on a server, what has arrived, and what was left unanswered at a hang-up. */
class Record extends EventEmitter {
  sockets = new Set();
  sessions = new Set();
  streams = new Set();
  arrived = 0;
  upgraded = 0;
  /** Connections that were gone while two or more of their requests had no full answer. */
  queuedAtHangUp = 0;
  cancelled = 0;

  constructor(server) {
    super();
    this.setMaxListeners(0);
    server.on('connection', (socket) => this.#hold(this.sockets, socket));
    server.on('session', (session) => {
      this.#hold(this.sessions, session);
      session.on('error', () => {});
      session.on('stream', (stream) => {
        this.#hold(this.streams, stream);
        stream.on('error', () => {});
        stream.on('aborted', () => this.emit('change'));
        stream.once('close', () => (this.cancelled += stream.rstCode === 8 ? 1 : 0));
        this.arrive();
      });
    });
  }

  arrive() {
    this.arrived++;
    this.emit('change');
  }

  /** Counts the requests of HTTP/1 connections that no full answer was sent to. */
  watchAnswers(server) {
    const unanswered = new WeakMap();
    const onRequest = ({ socket }, response) => {
      const responses = unanswered.get(socket) ?? [];
      if (responses.length === 0) {
        unanswered.set(socket, responses);
        socket.once('close', () => {
          const left = responses.filter(({ writableFinished }) => !writableFinished);
          if (left.length >= 2) this.queuedAtHangUp++;
        });
      }
      responses.push(response);
      this.arrive();
    };
    server.on('request', onRequest);
  }

  /**
   * Resolves when a condition holds; it is looked at whenever something changes. In its own turn:
   * Node.js aborts when a session is destroyed while it reads (nodejs/node#64850).
   */
  async until(condition) {
    while (!condition()) await once(this, 'change');
    await turn();
  }

  /**
   * Every client is gone, and everything that it had opened is closed. Node.js may keep a session of
   * HTTP/2 after its own goaway(), or a stream that was reset while it was opened: those are
   * destroyed once every stream has ended on the wire.
   */
  async untilClosed(isHttp2) {
    await this.until(() => [...this.streams].every(({ closed, destroyed }) => closed || destroyed));
    if (isHttp2) for (const session of this.sessions) session.destroy();
    await this.until(() => this.streams.size === 0);
    if (isHttp2) for (const socket of this.sockets) socket.destroy();
    await this.until(() => this.sockets.size === 0);
  }

  #hold(set, emitter) {
    set.add(emitter);
    emitter.once('close', () => {
      set.delete(emitter);
      this.emit('change');
    });
  }
}

function acceptUpgrades(server, record) {
  server.on('upgrade', (_, socket) => {
    record.upgraded++;
    socket.on('error', () => {});
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
    );
    socket.pipe(socket);
  });
}

async function listening(server, record, close) {
  server.on('clientError', (_, socket) => socket.destroy());
  if (!server.listening) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return { server, record, port: server.address().port, close };
}

const closed = (server) => async () => {
  server.close();
  await once(server, 'close');
};

function routesOf(fastify) {
  for (const path of PATHS) {
    fastify.all(path, (request, reply) => {
      reply.hijack();
      serve(request.url, request.raw, reply.raw);
    });
  }
}

async function fastifyServer(tracker, http2) {
  const fastify = Fastify({ http2, forceCloseConnections: true });
  const { server } = fastify;
  const record = new Record(server);
  if (!http2) {
    record.watchAnswers(server);
    acceptUpgrades(server, record);
  }
  // The stream is the test's: no parser reads it first.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_, __, done) => done(null));
  fastify.register(fastifyRequests, { tracker, describe });
  routesOf(fastify);
  await fastify.listen({ port: 0, host: '127.0.0.1' });
  return listening(server, record, () => fastify.close());
}

/** @param scope what is tracked: from the server, the options of `http()`; null: a preload does it */
function httpServer(tracker, scope) {
  const server = createServer();
  const record = new Record(server);
  record.watchAnswers(server);
  acceptUpgrades(server, record);
  server.on('request', (request, response) => serve(request.url, request, response));
  if (scope !== null) tracker.http(scope(server));
  return listening(server, record, closed(server));
}

function compatServer(tracker, scope) {
  const server = createHttp2Server((request, response) => serve(request.url, request, response));
  const record = new Record(server);
  if (scope !== null) tracker.http(scope(server));
  return listening(server, record, closed(server));
}

function streamServer(tracker, scope) {
  const server = createHttp2Server();
  const record = new Record(server);
  if (scope !== null) tracker.http(scope(server));
  // Added later, as an app may do.
  server.on('stream', (stream, headers) => {
    if (!headers[':path'].startsWith('/hold')) stream.respond({ ':status': 200 });
    serve(headers[':path'], stream, stream);
  });
  return listening(server, record, closed(server));
}

const itself = (server) => ({ server, describe });
const thread = () => ({ describe });

/** Starts a server of a kind. @returns { server, record, port, close } */
export const KINDS = {
  'node:http': (tracker) => httpServer(tracker, itself),
  'node:http2 compat': (tracker) => compatServer(tracker, itself),
  'node:http2 streams': (tracker) => streamServer(tracker, itself),
  fastify: (tracker) => fastifyServer(tracker, false),
  'fastify http2': (tracker) => fastifyServer(tracker, true),
  // By Node.js's channels, which announce the requests of all servers.
  'node:http of the thread': (tracker) => httpServer(tracker, thread),
  'node:http2 compat of the thread': (tracker) => compatServer(tracker, thread),
  'node:http2 streams of the thread': (tracker) => streamServer(tracker, thread),
  'fastify and the thread': (tracker) => {
    tracker.http();
    return fastifyServer(tracker, false);
  },
  // By schedhint/register, and the rules of zero-code.json.
  'node:http by the preload': (tracker) => httpServer(tracker, null),
  'node:http2 compat by the preload': (tracker) => compatServer(tracker, null),
  'node:http2 streams by the preload': (tracker) => streamServer(tracker, null),
  'fastify and the preload': (tracker) => fastifyServer(tracker, false),
};
