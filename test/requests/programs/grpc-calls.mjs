// A gRPC server with the interceptor, and its client. Takes commands as lines: `call METHOD [MS]` with a deadline in so many milliseconds,
// `cancel` and `end` for the last call, `release` for what the handlers hold. Prints each call's status.

import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { grpcRequests } from 'schedhint/grpc';

const gate = process.argv[2];
const same = (value) => value;
const method = (name, requestStream, responseStream) => ({
  path: `/test.Shop/${name}`,
  requestStream,
  responseStream,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});
const methods = {
  Pay: method('Pay', false, false),
  List: method('List', false, true),
  Chat: method('Chat', true, true),
  Throw: method('Throw', false, false),
};
const held = [];
const item = Buffer.from('item');

const urgency = { Pay: 'critical', List: 'low', Chat: 'normal', Throw: 'high' };
const describe = ({ path }) => ({ urgency: urgency[path.split('/')[2]] });
const server = new Server({ interceptors: [grpcRequests({ describe })] });
server.addService(methods, {
  Pay: (_, callback) => held.push(() => callback(null, item)),
  List: (call) => {
    call.write(item);
    held.push(() => call.end());
  },
  Chat: (call) => call.on('data', (message) => call.write(message)).on('end', () => call.end()),
  Throw: () => {
    while (!existsSync(gate)); // The thread is busy with it until the test has looked.
    throw new Error('as asked');
  },
});
const port = await new Promise((resolve, reject) => {
  const done = (error, bound) => (error ? reject(error) : resolve(bound));
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), done);
});
const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());

function call(name, ms) {
  const { path, requestStream, responseStream } = methods[name];
  const options = ms === undefined ? {} : { deadline: Date.now() + Number(ms) };
  if (requestStream) {
    const chat = client.makeBidiStreamRequest(path, same, same, options);
    chat.write(item);
    return chat.resume();
  }
  if (responseStream) {
    return client.makeServerStreamRequest(path, same, same, item, options).resume();
  }
  return client.makeUnaryRequest(path, same, same, item, options, () => {});
}

const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
let last;
const COMMANDS = {
  call: (name, ms) => {
    last = call(name, ms);
    last.on('status', ({ code }) => print({ name, code }));
    last.on('error', () => {}); // the status says so
  },
  cancel: () => last.cancel(),
  end: () => last.end(),
  release: () => {
    for (const answer of held.splice(0)) answer();
  },
};
print({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...args] = line.split(' ');
  COMMANDS[command](...args);
}
server.forceShutdown();
client.close();
