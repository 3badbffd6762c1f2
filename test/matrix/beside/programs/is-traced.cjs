// Whether the agent knows of the request in whose context this is called: it is at work, and its context is kept.

const { EventEmitter } = require('node:events');
const { Server } = require('node:http');

const isOwn = (emit) => emit === EventEmitter.prototype.emit;

const OF_AGENT = {
  'dd-trace': () => require('dd-trace').scope().active() !== null,
  opentelemetry: () => require('@opentelemetry/api').trace.getActiveSpan() !== undefined,
  // It begins no transaction before it has been connected, so: it has put itself around the server.
  newrelic: () => require('newrelic').agent !== undefined && !isOwn(Server.prototype.emit),
  sentry: () => require('@sentry/node').getActiveSpan() !== undefined,
};

exports.isTraced = OF_AGENT[process.env.AGENT];
