// Serves by gRPC; on Node.js 20, which announces no HTTP/2, with the interceptor.

import { Server, ServerCredentials } from '@grpc/grpc-js';
import { grpcRequests } from 'schedhint/grpc';

const same = (value) => value;
const method = (name) => ({
  path: `/shop.Shop/${name}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});
const describe = ({ path }) => ({ urgency: path.endsWith('/Pay') ? 'high' : 'low' });
const isOld = process.version.startsWith('v20.');
const server = new Server({ interceptors: isOld ? [grpcRequests({ describe })] : [] });
server.addService(
  { Pay: method('Pay'), Fast: method('Fast') },
  {
    Pay: (_, callback) =>
      hold().then(
        (text) => callback(null, Buffer.from(text)),
        (error) => callback(error),
      ),
    Fast: (_, callback) => callback(null, Buffer.from('fast')),
  },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
  process.send(error === null ? { port } : { error: error.message }),
);
