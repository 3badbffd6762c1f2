// Adds `thread.blocks` to the channels of standard blocks, for those who look at the blocks themselves.

import { processLayout, threadLayout } from '../block/standard-layouts.js';
import { viewsOf } from './block-views.js';
import { standardParts } from './channel.js';

/** From now on handles on standard blocks have `blocks`. Idempotent. */
export function viewStandardBlocks(): void {
  standardParts.blocks ??= viewsOf([
    { path: ['thread'], layout: threadLayout },
    { path: ['process'], layout: processLayout },
  ]);
}
