// The packed packages under a Node.js for musl on arm64, emulated: the addon loads, publishes collections and ends well. qemu knows
// no bpf(2), so there is nothing to bind to.

import assert from 'node:assert/strict';
import { prebuildMusl } from '../../../scripts/prebuild-musl.mjs';
import { Project } from '../../packaging/install/project.js';
import { muslNode } from '../../packaging/musl/musl-node.js';
import { runRow } from '../row.js';

await runRow(async () => {
  prebuildMusl();
  const project = Project.create();
  try {
    const node = muslNode({ arch: 'arm64' });
    const run = (...args: string[]) => project.run('qemu-aarch64-static', [...node, ...args]);
    const version = run('--version').trim();
    const { source, code, gcCount } = JSON.parse(run('--require', 'schedhint/register', 'app.cjs'));
    assert.deepEqual({ source, code }, { source: 'v8', code: 'ERR_SCHEDHINT_BPF_REFUSED' });
    assert.ok(gcCount > 0);
    return {
      versions: `Node.js ${version} for musl 1.2.5 on arm64, qemu-user`,
      found: `loads, source v8, ${gcCount} collections, ${code} (qemu has no bpf(2)), exit 0`,
    };
  } finally {
    project.remove();
  }
});
