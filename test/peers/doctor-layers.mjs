// `schedhint doctor --layered` against the real scx_layered: of many made files it refuses the same. scx_layered judges a file before it
// asks for anything of the kernel, so this needs neither a VM nor sched_ext; where the kernel has it, it would take over the machine, so it
// runs as a user who may not.

import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { runRow } from './peer-guest.mjs';
import { publishedLayers } from './published-layers.mjs';
import { scxProgram } from './scx-program.mjs';

const VERSION = '1.1.4';
const DOCTOR = fileURLToPath(new URL('../../packages/schedhint/bin/schedhint.js', import.meta.url));
const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
const FILES = Number(process.env.RUNS ?? 300);
const SEED = Number(process.env.SEED ?? Date.now() % 1e9);

/** What it prints once it has taken the layers. */
const TAKEN = 'Running scx_layered';

const hint = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 2, 3, 900, 1024) },
  fc.constantFrom(1025, -1, 0.5, '1', null, true, [1]),
);
const share = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 0.5, 1) },
  fc.constantFrom(-0.1, 1.5, '1', null),
);
const rule = fc.oneof(
  { weight: 8, arbitrary: hint.map((HintEquals) => ({ HintEquals })) },
  { weight: 2, arbitrary: share.map((SystemCpuUtilBelow) => ({ SystemCpuUtilBelow })) },
  { weight: 2, arbitrary: share.map((DsqInsertBelow) => ({ DsqInsertBelow })) },
  fc.constantFrom(
    { CommPrefix: 'node' },
    { NiceAbove: -5 },
    { NiceAbove: 'x' },
    { AvgRuntime: [1, 2] },
    { AvgRuntime: [1] },
    { NSPIDEquals: [1, 2] },
    { UIDEquals: -1 },
    { IsKthread: true },
    { IsKthread: 1 },
    { CgroupSuffix: 'x', CommPrefix: 'y' },
    { HintAbove: 1 },
    {},
    'HintEquals',
  ),
);
const block = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(
      hint.map((HintEquals) => ({ HintEquals })),
      { minLength: 1, maxLength: 1 },
    ),
  },
  fc.array(rule, { maxLength: 3 }),
);
const kind = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ Open: { preempt: true } }) },
  fc.constantFrom(
    { Grouped: { util_range: [0.5, 0.8] } },
    { Confined: { util_range: [0.5, 0.8] } },
    { Grouped: {} },
    { Confined: { util_range: [0.8, 0.5] } },
    { Closed: {} },
    'Open',
    null,
  ),
);
const spec = (matches) =>
  fc.record(
    { name: fc.constantFrom('a', 'b', 'c'), comment: fc.constantFrom('x', null), matches, kind },
    { requiredKeys: ['name', 'matches', 'kind'] },
  );
const layers = fc
  .tuple(
    fc.array(spec(fc.array(block, { minLength: 1, maxLength: 3 })), { maxLength: 4 }),
    fc.oneof(
      { weight: 8, arbitrary: spec(fc.constant([[]])) },
      spec(fc.array(block, { maxLength: 2 })),
    ),
  )
  .map(([some, last]) => [...some, last]);
/** One block for each rule that scx_layered has on blocks with hints. */
const NEAR = [
  [{ HintEquals: 1024 }],
  [{ HintEquals: 1025 }],
  [{ HintEquals: 1 }, { HintEquals: 2 }],
  [{ HintEquals: 1 }, { NiceAbove: 1 }],
  [{ HintEquals: 1 }, { SystemCpuUtilBelow: 0.5 }, { DsqInsertBelow: 0.5 }],
  [{ HintEquals: 1 }, { SystemCpuUtilBelow: 0.5 }, { SystemCpuUtilBelow: 0.6 }],
  [{ HintEquals: 1 }, { SystemCpuUtilBelow: 0.5 }, { IsKthread: false }],
  [{ HintEquals: 1 }, { SystemCpuUtilBelow: 1.5 }],
  [{ DsqInsertBelow: 0.5 }],
  [{ HintEquals: 10 }],
];
/** Layers that are good but for one block, which may be good too. */
const almostGood = fc
  .tuple(
    fc.oneof(fc.constantFrom(...NEAR), fc.array(rule, { maxLength: 3 })),
    fc.nat(2),
    fc.boolean(),
  )
  .map(([added, at, isAlone]) => {
    const good = (name, HintEquals) => ({
      name,
      matches: [[{ HintEquals }]],
      kind: { Open: {} },
    });
    const specs = [good('a', 10), good('b', 11), good('c', 12)];
    specs[at].matches = isAlone ? [added] : [...specs[at].matches, added];
    return [...specs, { name: 'rest', matches: [[]], kind: { Open: {} } }];
  });
/** Numbers as they may be written, names twice, and texts that are nearly JSON. */
const text = fc
  .tuple(
    fc.oneof(layers, almostGood),
    fc.constantFrom('', '', '', '', '', '1.0', '1e0', '-0', 'twice', 'cut', 'comma'),
  )
  .map(([value, change]) => {
    const json = JSON.stringify(value);
    if (change === 'cut') return json.slice(0, -1);
    if (change === 'comma') return json.replace(/\]$/, ',]');
    if (change === 'twice') return json.replace('{"HintEquals":', '{"HintEquals":3,"HintEquals":');
    return change === '' ? json : json.replace('"HintEquals":1}', `"HintEquals":${change}}`);
  });

const run = (command, ...args) => spawnSync(command, args, { encoding: 'utf8' });

await runRow(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'schedhint-doctor-'));
  const program = join(dir, 'scx_layered');
  const file = join(dir, 'layers.json');
  try {
    chmodSync(dir, 0o755);
    copyFileSync(scxProgram('scx_layered', VERSION), program); // a user who may not enter the cache runs it
    const faults = [];
    let taken = 0;
    const texts = [publishedLayers(), ...fc.sample(text, { numRuns: FILES, seed: SEED })];
    for (const one of texts) {
      writeFileSync(file, one);
      const real = run(...NOBODY, program, `f:${file}`);
      const takes = real.stderr.includes(TAKEN) || real.stdout.includes(TAKEN);
      const { checks } = JSON.parse(
        run(process.execPath, DOCTOR, 'doctor', '--json', '--layered', file).stdout,
      );
      const refusals = checks.filter(({ found }) => found.startsWith('scx_layered refuses it'));
      if (takes) taken++;
      if (takes === (refusals.length === 0)) continue;
      const said = takes ? refusals[0].found : /^Error: .*$/m.exec(real.stderr)?.[0];
      faults.push(`SEED=${SEED}: ${one}: ${takes ? 'taken' : 'refused'} by scx_layered, ${said}`);
    }
    return {
      versions: `scx_layered ${VERSION}`,
      found: `of ${texts.length} files scx_layered takes ${taken}; doctor --layered says the same of ${texts.length - faults.length}`,
      faults,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
