// gRPC: the interceptor of schedhint/grpc tracks every call once, also together with http(), and after an interceptor that hides a call's stream.
// A handler that answers through a callback ends its request there.

import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { once } from 'node:events';
import { Client, credentials, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { attachThread, trackRequests } from 'schedhint';
import { grpcRequests } from 'schedhint/grpc';

/** `hidden`: an interceptor of others keeps the call's stream from ours. `http`: the thread is tracked too. */
const [way = 'plain'] = process.argv.slice(2);
const thread = attachThread({ map: '/nonexistent/schedhint' });
const { hints } = thread;
const tracker = trackRequests({ thread });

const interceptors = [
  grpcRequests({
    tracker,
    describe: ({ path }) => ({ urgency: path.endsWith('/Pay') ? 900 : 100 }),
  }),
];
if (way === 'http') tracker.http({ describe: () => ({ urgency: 50 }) });
if (way === 'hidden') {
  interceptors.unshift((_, call) => ({
    start: (listener) => call.start(listener),
    sendMetadata: (metadata) => call.sendMetadata(metadata),
    sendMessage: (message, sent) => call.sendMessage(message, sent),
    sendStatus: (sent) => call.sendStatus(sent),
    startRead: () => call.startRead(),
    getDeadline: () => call.getDeadline(),
    getPeer: () => call.getPeer(),
  }));
}

const bytes = { serialize: (value) => value, deserialize: (value) => value };
const method = (name, responseStream) => ({
  path: `/test.Shop/${name}`,
  requestStream: false,
  responseStream,
  requestSerialize: bytes.serialize,
  requestDeserialize: bytes.deserialize,
  responseSerialize: bytes.serialize,
  responseDeserialize: bytes.deserialize,
});

const held = [];
let seen;
function greet(_, callback) {
  const request = tracker.begin({ urgency: 1000 });
  setImmediate(() => {
    seen = inEffect();
    request.end();
    callback(null, Buffer.from('hello'));
  });
}
const server = new Server({ interceptors });
server.addService(
  { Pay: method('Pay', false), List: method('List', true), Greet: method('Greet', false) },
  {
    Pay: (_, callback) => held.push(callback),
    List: (call) => {
      call.write(Buffer.from('item'));
      held.push(() => call.end());
    },
    Greet: greet,
  },
);
const port = await new Promise((resolve, reject) => {
  const done = (error, bound) => (error ? reject(error) : resolve(bound));
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), done);
});
const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
const { serialize, deserialize } = bytes;
const call = (name, callback, options = {}) => {
  const path = `/test.Shop/${name}`;
  return client.makeUnaryRequest(path, serialize, deserialize, Buffer.from('x'), options, callback);
};

/** Nothing announces what a server has done: look again in each turn. */
const until = async (condition) => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};
const inEffect = () => [tracker.inFlight, hints.urgency];

// Unary, answered.
const paid = new Promise((resolve) => call('Pay', (_, answer) => resolve(String(answer))));
await until(() => held.length === 1);
deepStrictEqual(inEffect(), [1, 900]);
held.pop()(null, Buffer.from('paid'));
strictEqual(await paid, 'paid');
await until(() => tracker.inFlight === 0);
deepStrictEqual(inEffect(), [0, 0]);
strictEqual(hints.deadlineNs, 0n);

// A stream: it lasts until it ends.
const list = client.makeServerStreamRequest(
  '/test.Shop/List',
  serialize,
  deserialize,
  Buffer.from('x'),
);
await once(list, 'data');
deepStrictEqual(inEffect(), [1, 100]);
held.pop()();
await once(list.resume(), 'status');
await until(() => tracker.inFlight === 0);
deepStrictEqual(inEffect(), [0, 0]);

// The client's deadline is the request's, as exact as a millisecond.
const deadline = Date.now() + 60_000;
call('Pay', () => {}, { deadline });
await until(() => held.length === 1);
const atMs = Date.now() + hints.deadlineMs;
ok(Math.abs(atMs - deadline) < 2000, `due at ${atMs} instead of ${deadline}`);
held.pop()(null, Buffer.from('paid'));
await until(() => tracker.inFlight === 0);

// It passes.
const late = new Promise((resolve) =>
  call('Pay', (error) => resolve(error.code), { deadline: Date.now() + 50 }),
);
strictEqual(await late, status.DEADLINE_EXCEEDED);
await until(() => tracker.inFlight === 0);
held.length = 0;

// Cancelled by the client.
const code = new Promise((resolve) => {
  const cancelled = call('Pay', (error) => resolve(error.code));
  until(() => held.length === 1).then(() => cancelled.cancel());
});
strictEqual(await code, status.CANCELLED);
held.pop();
await until(() => tracker.inFlight === 0);
deepStrictEqual(inEffect(), [0, 0]);

// A handler with its own request, next to the interceptor's.
strictEqual(await new Promise((resolve) => call('Greet', (_, a) => resolve(String(a)))), 'hello');
deepStrictEqual(seen, [2, 1000]);

// The server shuts down while a call is held.
call('Pay', () => {});
await until(() => held.length === 1);
deepStrictEqual(inEffect(), [1, 900]);
server.forceShutdown();
await until(() => tracker.inFlight === 0);
deepStrictEqual(inEffect(), [0, 0]);
client.close();
tracker.stop();
