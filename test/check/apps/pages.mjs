// An app that looks at random pages of a file: `memory` where its cgroup has no room to keep the file's pages. Usage: pages.mjs ADDON FILE

import { createRequire } from 'node:module';

const [addon, file] = process.argv.slice(2);
const PAGE = 4096;
const bytes = new Uint8Array(createRequire(import.meta.url)(addon).mapFile(file));
const seen = new Uint32Array(1);
for (let at = 0; at < bytes.length; at += PAGE) seen[0] += bytes[at];
setInterval(() => {
  for (let i = 0; i < 20; i++)
    seen[0] += bytes[Math.floor((Math.random() * bytes.length) / PAGE) * PAGE];
}, 10);
