// An app that always has so many password hashes under way in libuv's pool: `threadpool` from 4 on. Usage: hashes.mjs COUNT

import { pbkdf2 } from 'node:crypto';

function hash() {
  pbkdf2('secret', 'salt', 50_000, 64, 'sha512', hash);
}
for (let i = 0; i < Number(process.argv[2]); i++) hash();
