// In the VM: where scx_layered leaves a thread after the number for which it has moved it, when no layer names the next number, or
// the number is deleted. Writes the layer of each phase to $SCHEDHINT_VM_OUT/phases.json.
// Arguments: scx_layered, the layers, the program that writes numbers.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { Layered } from './layered-stats.mjs';
import { giveKernelConfig } from './scx-scheduler.mjs';

const [program, layersFile, taskHint] = process.argv.slice(2);
const MAP = '/sys/fs/bpf/scx_hints';

/** Threads by how they run: scx_layered matches its rules only when a thread wakes up. */
const THREADS = {
  busy: 'for (;;);',
  napping: 'setInterval(() => { for (const end = Date.now() + 45; Date.now() < end; ); }, 50)',
};
/** The numbers that a thread has one after the other. A layer for 300 is closed, none names 512, and 5000 is no number. */
const NUMBERS = [null, 900, 300, 900, 512, 900, 5000, 900, null, 100];

giveKernelConfig();
const scheduler = await Layered.start(program, ['--task-hint-map', MAP], layersFile);
const phases = [];
for (const [thread, script] of Object.entries(THREADS)) {
  const app = spawn(process.execPath, ['-e', script], { stdio: 'inherit' });
  for (const number of NUMBERS) {
    const written = number ?? 'none';
    if (phases.some((phase) => phase.thread === thread))
      execFileSync(taskHint, [MAP, String(app.pid), String(written)]);
    const use = await scheduler.utilisation(3);
    const [layer] = Object.keys(use).sort((a, b) => use[b] - use[a]);
    phases.push({ thread, number: written, layer, use });
    console.log(thread, written, layer, JSON.stringify(use));
  }
  const gone = once(app, 'exit');
  app.kill('SIGKILL');
  await gone;
}
writeFileSync(
  join(process.env.SCHEDHINT_VM_OUT, 'phases.json'),
  JSON.stringify({ kernel: release(), phases }),
);
await scheduler.stop();
