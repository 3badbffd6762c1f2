// The standalone output of Next.js, at a port of the system's choice. It keeps its server to itself, so this takes the port as it listens.

const { Server } = require('node:http');

const { listen } = Server.prototype;
Server.prototype.listen = function () {
  this.once('listening', () => {
    this.keepAliveTimeout = 0; // as gate.cjs does
    process.send({ port: this.address().port });
  });
  return listen.call(this, 0, '127.0.0.1');
};
require('./.next/standalone/server.js');
