// The entry without code: node --require schedhint/register, --import schedhint/register, or either
// in NODE_OPTIONS. It runs before the application in every thread that it reaches, and whatever
// happens here, the application does not notice.

import { debuglog } from 'node:util';
import { layered, tld } from '@schedhint/core';
import { type GcSource, startGcHints } from './gc-hints.js';

const debug = debuglog('schedhint');

/** Each by itself: what is wrong with one scheduler's map keeps nothing from the others. */
function publish(to: string, start: () => { readonly source: GcSource }): void {
  try {
    debug('register: collections to %s from %s', to, start().source);
  } catch (error) {
    debug('register: %s: %s', to, error);
  }
}

publish('the standard block', () => startGcHints());
if (process.env.SCHEDHINT_LAYERED_MAP) {
  publish('scx_layered', () => startGcHints({ channels: [layered()] }));
}
if (process.env.SCHEDHINT_TLD_MAP) {
  publish('task local data', () => startGcHints({ channels: [tld()] }));
}
