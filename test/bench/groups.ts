// Lists the groups of benchmark rows in the order of the table.

import { attach } from './groups/attach.js';
import { collection } from './groups/collection.js';
import { imports } from './groups/import.js';
import { memory } from './groups/memory.js';
import { read } from './groups/read.js';
import { reader } from './groups/reader.js';
import { request } from './groups/request.js';
import { scale } from './groups/scale.js';
import { server } from './groups/server.js';
import { stalls } from './groups/stalls.js';
import { start } from './groups/start.js';
import { status } from './groups/status.js';
import { worker } from './groups/worker.js';
import { write } from './groups/write.js';
import type { Group } from './row.js';

/** The table, from top to bottom. A group of rows is a file; one more is one more line here. */
export const groups: readonly Group[] = [
  request,
  server,
  write,
  read,
  collection,
  stalls,
  attach,
  status,
  start,
  imports,
  worker,
  memory,
  scale,
  reader,
];
