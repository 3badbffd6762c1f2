// The entry without code: node --require schedhint/register, --import schedhint/register, or either
// in NODE_OPTIONS. It runs before the application in every thread that it reaches, and whatever
// happens here, the application does not notice.

import { debuglog } from 'node:util';
import { startGcHints } from './gc-hints.js';

const debug = debuglog('schedhint');

try {
  const { source } = startGcHints();
  debug('register: collections from %s', source);
} catch (error) {
  debug('register: %s', error);
}
