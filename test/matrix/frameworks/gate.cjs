// Preloaded into an app: lets a row hold the app's handlers, whatever bundles them, and speaks with the row over IPC.
//
//   await hold()        in a handler: until the row says `answer`, or `fail`, which rejects it
//   serving(server)     when a server of node:http listens: says its port, and takes upgrades

const held = new Set();

globalThis.hold = () =>
  new Promise((resolve, reject) => {
    held.add({ resolve, reject });
    process.send({ held: held.size });
  });

globalThis.serving = (server) => {
  server.keepAliveTimeout = 0; // an idle connection stays: its end must not be what ends a request
  server.on('upgrade', (_, socket) => {
    socket.on('error', () => {});
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
    );
  });
  process.send({ port: server.address().port });
};

process.on('message', (order) => {
  for (const { resolve, reject } of held) {
    if (order === 'answer') resolve('paid');
    else reject(new Error('as asked'));
  }
  held.clear();
  process.send({ held: 0 });
});
process.on('disconnect', () => process.exit());
