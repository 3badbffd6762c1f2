// node.ts MAJOR: every subset of the permissions that this Node.js knows.

import assert from 'node:assert/strict';
import { Installed } from '../../packaging/loading/installed.js';
import { PermissionModel } from '../../packaging/loading/permission-model.js';
import { nodeBinaries } from '../../packaging/node-versions/node-binaries.js';
import { runRow } from '../row.js';

await runRow(async () => {
  const major = process.argv[2]!;
  const node = nodeBinaries().find(({ version }) => version.startsWith(`v${major}.`));
  assert.ok(node !== undefined, `there is no Node.js ${major} here`);
  const installed = Installed.create();
  try {
    const model = await PermissionModel.of(node.path);
    const sets = model.everySubset();
    const begun = performance.now();
    const wrong = await model.run(sets, installed.path);
    assert.deepEqual(wrong, []);
    const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
    return {
      versions: `node ${node.version}`,
      found: `${sets.length} subsets of ${model.grants.join(' ')}: exit 0, a status with its reason, in ${minutes} min`,
    };
  } finally {
    installed.remove();
  }
});
