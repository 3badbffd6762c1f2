// What Sentry asks its users to preload.

require('@sentry/node').init({ dsn: process.env.SENTRY_DSN, tracesSampleRate: 1 });
