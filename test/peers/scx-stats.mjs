// A row: scx's own clients read the statistics of scx_schedhint, which runs in the VM: the example client of crate scx_stats, and the script
// that makes OpenMetrics of what any scheduler of scx says.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { runPeerGuest, runRow } from './peer-guest.mjs';
import { CACHE, cargo, sourceOf } from './scx-program.mjs';

const VERSION = '1.1.4';
const PROMETHEUS_CLIENT = '0.21.1';

/** The crate lists its examples and not what they need besides. */
const MANIFEST = `[package]
name = "scx-stats-client"
version = "0.0.0"
edition = "2024"

[[bin]]
name = "scx-stats-client"
path = "client.rs"

[dependencies]
scx_stats = "=${VERSION}"
scx_stats_derive = "=${VERSION}"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
log = "0.4"
simple_logger = "5"
`;

/** @returns {{ client: string, script: string }} */
function clients() {
  const source = sourceOf('scx_stats', VERSION);
  const script = join(source, 'scripts/scxstats_to_openmetrics.py');
  const root = join(CACHE, `scx_stats-client-${VERSION}`);
  const client = join(root, 'bin/scx-stats-client');
  if (existsSync(client)) return { client, script };
  const copy = join(root, 'source');
  mkdirSync(copy, { recursive: true });
  for (const name of ['client.rs', 'stats_defs.rs.h']) {
    copyFileSync(join(source, 'examples', name), join(copy, name));
  }
  writeFileSync(join(copy, 'Cargo.toml'), MANIFEST);
  cargo('the client of scx_stats', ['install', '--path', copy, '--root', root]);
  return { client, script };
}

/** What the script imports. @returns {string} for PYTHONPATH */
function prometheusClient() {
  const folder = join(CACHE, `prometheus-client-${PROMETHEUS_CLIENT}`);
  if (existsSync(folder)) return folder;
  const what = `prometheus-client==${PROMETHEUS_CLIENT}`;
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, what];
  const { status } = spawnSync('python3', pip, { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new ExplainedError(`pip could not install ${what}: exit code ${status}`);
  return folder;
}

await runRow(async () => {
  const { client, script } = clients();
  const { versions, found, faults } = await runPeerGuest(
    'scx-stats.mjs',
    [prometheusClient()],
    'found.json',
    { programs: [client, script] },
  );
  return { versions: `scx_stats ${VERSION}, ${versions}`, found, faults };
});
