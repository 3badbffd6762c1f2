// Whether the agent knows of the request in whose context this is called: it is at work, and its context is kept.

const OF_AGENT = {
  'dd-trace': () => require('dd-trace').scope().active() !== null,
  opentelemetry: () => require('@opentelemetry/api').trace.getActiveSpan() !== undefined,
  newrelic: () => require('newrelic').getTransaction().traceId !== undefined,
  sentry: () => require('@sentry/node').getActiveSpan() !== undefined,
};

exports.isTraced = OF_AGENT[process.env.AGENT];
