// What schedhint/register loads where its few lines are not enough: everything.

import { debuglog } from 'node:util';
import { announceStatus, attachThread, layered, tld } from '@schedhint/core';
import { type GcSource, startGcHints } from '@schedhint/gc-hooks';
import { environmentVariable } from '@schedhint/native';

const debug = debuglog('schedhint');

/** Each separately: what is wrong with one scheduler's map keeps nothing from the others. */
function publish(to: string, start: () => { readonly source: GcSource }): void {
  try {
    debug('register: collections to %s from %s', to, start().source);
  } catch (error) {
    debug('register: %s: %s', to, error);
  }
}

/** Publishes to the standard block, with a view of it, and announces each change of its status. */
export function publishToStandardBlock(): void {
  publish('the standard block', () => startGcHints());
}

/** Publishes to the maps of other kinds that the environment names. */
export function publishToOthers(): void {
  if (environmentVariable('SCHEDHINT_LAYERED_MAP')) {
    publish('scx_layered', () => startGcHints({ channel: layered() }));
  }
  if (environmentVariable('SCHEDHINT_TLD_MAP')) {
    publish('task local data', () => startGcHints({ channel: tld() }));
  }
}

/** Announces the change of the status that has just happened, and from now on of each. */
export function tellStatus(): void {
  announceStatus(attachThread());
}
