// The blobs that fuzzing starts from: real ones, small, of every kind, byte order and ELF class.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('corpus', import.meta.url));

export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export function seeds(): Seed[] {
  return readdirSync(home)
    .filter((name) => /\.(btf|o)$/.test(name))
    .map((name) => ({ name, bytes: readFileSync(`${home}/${name}`) }));
}
