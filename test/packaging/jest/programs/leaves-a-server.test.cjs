// What --detectOpenHandles is for: it must be named.

test('a server that no one closes', (done) => {
  require('node:http')
    .createServer()
    .listen(0, () => done());
});
