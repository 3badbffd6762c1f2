// gRPC: the interceptor of docs/requests.md tracks every call. A handler that answers through a callback ends its request there.

import { deepStrictEqual, strictEqual } from 'node:assert';
import { once } from 'node:events';
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  ServerListenerBuilder,
  status,
} from '@grpc/grpc-js';
import { attachThread, trackRequests } from 'schedhint';

const thread = attachThread({ map: '/nonexistent/schedhint' });
const { hints } = thread;
const tracker = trackRequests({ thread });

/** As in docs/requests.md. */
function trackCalls(method, call) {
  const urgency = method.path.endsWith('/Pay') ? 900 : 100;
  const request = tracker.begin({ urgency });
  const listener = new ServerListenerBuilder().withOnCancel(() => request.end()).build();
  return new ServerInterceptingCall(call, {
    start: (next) => next(listener),
    sendStatus: (sent, next) => {
      request.end();
      next(sent);
    },
  });
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
const server = new Server({ interceptors: [trackCalls] });
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
const call = (name, callback) =>
  client.makeUnaryRequest(`/test.Shop/${name}`, serialize, deserialize, Buffer.from('x'), callback);

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
deepStrictEqual(inEffect(), [0, 0]);

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
deepStrictEqual(inEffect(), [0, 0]);

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
