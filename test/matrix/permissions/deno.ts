// Every combination of Deno's permissions that hints could need.

import assert from 'node:assert/strict';
import { DENO_SUBSETS, problemInDeno } from '../../packaging/loading/deno-permissions.js';
import { Installed } from '../../packaging/loading/installed.js';
import { otherRuntimes } from '../../packaging/node-versions/node-binaries.js';
import { runRow } from '../row.js';

await runRow(async () => {
  const deno = otherRuntimes().find(({ name }) => name === 'Deno');
  assert.ok(deno !== undefined, 'there is no Deno here');
  const installed = Installed.create();
  installed.write('package.json', '{ "private": true }\n');
  try {
    for (const granted of DENO_SUBSETS) {
      assert.equal(await problemInDeno(deno.path, granted, installed.path), null, `${granted}`);
    }
    return {
      versions: `Deno ${deno.version}`,
      found: `${DENO_SUBSETS.length} combinations of --allow-env, -ffi, -read, -sys: exit 0; without --allow-ffi ERR_SCHEDHINT_ADDON_LOAD: Deno forbids addons, else waiting for the map`,
    };
  } finally {
    installed.remove();
  }
});
