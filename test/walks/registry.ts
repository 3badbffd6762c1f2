// An npm registry on this machine, with the packed packages in it and no others: so commands name packages as users do.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pack } from '../../scripts/pack.mjs';
import { root } from '../docs/pages.js';

export interface Registry {
  /** For npm's setting `registry`. */
  readonly url: string;
  stop(): void;
}

/** @param directory where the tarballs go; emptied first */
export async function startRegistry(directory: string): Promise<Registry> {
  const tarballs = new Map(pack(directory).map((tarball) => [tarball.name, tarball]));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.replace(/\?.*/, '').slice(1));
    const file = /^tarballs\/([\w.-]+)$/.exec(path)?.[1];
    if (file !== undefined) {
      response.end(readFileSync(join(directory, file)));
      return;
    }
    const tarball = tarballs.get(path);
    if (tarball === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    const home = path.replace('@schedhint/', '');
    const manifest = JSON.parse(readFileSync(join(root, 'packages', home, 'package.json'), 'utf8'));
    const { version } = manifest;
    const dist = { tarball: `${url()}tarballs/${tarball.filename}` };
    const versions = { [version]: { ...manifest, dist } };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name: path, 'dist-tags': { latest: version }, versions }));
  });
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: url(),
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
