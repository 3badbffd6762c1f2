// The entry without code: node --require schedhint/register, --import schedhint/register, or either
// in NODE_OPTIONS. It runs before the application in every thread that it reaches, and whatever
// happens here, the application does not notice.

import { debuglog } from 'node:util';
import { layered, tld, uptr } from '@schedhint/core';
import { startGcHints } from './gc-hints.js';

const debug = debuglog('schedhint');

try {
  const channels = [];
  if (process.env.SCHEDHINT_LAYERED_MAP) channels.push(layered());
  if (process.env.SCHEDHINT_TLD_MAP) channels.push(tld());
  const { source } =
    channels.length > 0 ? startGcHints({ channels: [uptr(), ...channels] }) : startGcHints();
  debug('register: collections from %s', source);
} catch (error) {
  debug('register: %s', error);
}
