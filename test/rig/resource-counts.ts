// Counts the resources of a process: those that the addon holds, and open descriptors.

import type { Counts } from '@schedhint/native';
import type { Context, NodeProcess } from './node-process.js';
import { until } from './until.js';

/** What a process holds: of ours, and of the kernel's. */
export interface Holdings extends Counts {
  readonly descriptors: number;
}

export function holdings({ addon, require }: Context): Holdings {
  const { readdirSync } = require('node:fs') as typeof import('node:fs');
  // One of them is the directory that is being read.
  return { ...addon.counts(), descriptors: readdirSync('/proc/self/fd').length - 1 };
}

/** Waits until every block that was given back may be used again. */
export async function untilQuarantineIsOver(node: NodeProcess): Promise<void> {
  const left = () => node.run(({ addon }) => addon.counts().blocksQuarantined);
  await until('no block is quarantined', async () => (await left()) === 0, left);
}
