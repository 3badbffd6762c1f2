// The entry without code: node --require schedhint/register, --import schedhint/register, or either
// in NODE_OPTIONS. It runs before the application in every thread that it reaches, and whatever
// happens here, the application does not notice.

import { debuglog } from 'node:util';
import { startGcHints } from './gc-hints.js';

const debug = debuglog('schedhint');

try {
  const { source, thread } = startGcHints();
  if (debug.enabled) debug('register: collections from %s, %j', source, describe(thread.status));
} catch (error) {
  debug('register: %s', error);
}

function describe(status: object): object {
  return JSON.parse(
    JSON.stringify(status, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
  );
}
