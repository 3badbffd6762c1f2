// plain-server.cjs [worker]: servers of HTTP/1 and HTTP/2 that know nothing of schedhint. They hold each request until a line on
// stdin says what becomes of all. Prints JSON lines.

const { createServer } = require('node:http');
const { createServer: createHttp2Server } = require('node:http2');
const { createInterface } = require('node:readline');
const { isMainThread, parentPort, Worker } = require('node:worker_threads');

const ENDINGS = {
  answer: (response) => response.end('answer'),
  fail: (response) => {
    response.statusCode = 500;
    response.end();
  },
  destroy: (response) => response.destroy(),
};

function serve(print, onLine) {
  const held = new Set();
  const hold = (_, response) => {
    held.add(response);
    response.on('error', () => {}).on('close', () => held.delete(response));
    print({ held: held.size });
  };
  const server = createServer(hold);
  server.on('upgrade', (_, socket) => {
    socket.on('error', () => {});
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
    );
    socket.pipe(socket);
  });
  const http2 = createHttp2Server(hold);
  onLine((line) => {
    for (const response of held) ENDINGS[line](response);
  });
  server.listen(0, '127.0.0.1', () =>
    http2.listen(0, '127.0.0.1', () =>
      print({ port: server.address().port, http2Port: http2.address().port }),
    ),
  );
}

const print = (line) => console.log(JSON.stringify(line));
const lines = () => createInterface({ input: process.stdin }).on('close', () => process.exit(0));

if (!isMainThread) {
  serve(
    (line) => parentPort.postMessage(line),
    (listener) => parentPort.on('message', listener),
  );
} else if (process.argv[2] === 'worker') {
  const worker = new Worker(__filename).on('message', print);
  lines().on('line', (line) => worker.postMessage(line));
} else {
  serve(print, (listener) => lines().on('line', listener));
}
