// An app whose calls to the file system do not return: 4 of them wait in libuv's pool, without a CPU. Usage: opens-fifos.mjs FIFO

import { open } from 'node:fs';

for (let i = 0; i < 4; i++) open(process.argv[2], 'r', () => {});
setInterval(() => {}, 100);
