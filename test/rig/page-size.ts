// The size of a page of this machine's kernel, which Node.js does not say.

import { execFileSync } from 'node:child_process';

export const PAGE_SIZE = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));
