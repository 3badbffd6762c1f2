// Runs the addon on an old glibc: `node test/packaging/install/old-glibc.mjs`, as root on a Debian machine for x86-64, after
// `npm run setup -- --test`. It takes Debian 11's C library (glibc 2.31, whose threads are in libpthread still) and libstdc++, and
// has each Node.js of test/packaging/node-versions attach with them to a map that a BPF program reads. Not part of CI: Debian 11 may leave the mirrors.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrivateApt } from '../../../scripts/private-apt.mjs';

const PIN = '/sys/fs/bpf/schedhint-old-glibc';
const file = (path) => fileURLToPath(new URL(path, import.meta.url));

const scratch = mkdtempSync(join(tmpdir(), 'schedhint-old-glibc-'));
const apt = new PrivateApt(scratch, ['bullseye']);
apt.unpackWithDependencies(['libc6', 'libstdc++6'], 'bullseye', scratch);
const libraries = ['lib', 'usr/lib'].map((folder) => join(scratch, folder, 'x86_64-linux-gnu'));
const loader = join(libraries[0], 'ld-linux-x86-64.so.2');
const observer = spawn(file('../../../observer/build/observer'), ['--pin', PIN], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const ended = once(observer, 'close');
await once(observer.stdout, 'data'); // ready
observer.stdout.resume();

try {
  for (const major of [22, 24, 26]) {
    const node = file(`../node-versions/node_modules/node-${major}/bin/node`);
    const old = ['--library-path', libraries.join(':'), node];
    const run = (...args) => execFileSync(loader, [...old, ...args], { encoding: 'utf8' }).trim();
    const glibc = run('-p', 'process.report.getReport().header.glibcVersionRuntime');
    run(file('../node-versions/programs/addon.mjs'), PIN); // throws unless all of it holds
    console.log(`Node.js ${major} on glibc ${glibc}: attaches, hints and publishes collections`);
  }
} finally {
  observer.stdin.end();
  await ended;
  rmSync(scratch, { recursive: true, force: true });
}
