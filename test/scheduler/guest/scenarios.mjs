// In the VM: runs scenarios under several schedulers, one after the other. Writes $SCHEDHINT_VM_OUT/measured.json.
// Argument: JSON of { arms, scenarios, seed }.

import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { kernelComplaints } from '../../vm/guest/scheduler.mjs';
import { steadyMachine } from '../../vm/guest/steady-machine.mjs';
import { prepareLoad, runLoad } from './load.mjs';
import { Loaded } from './loaded.mjs';

const { arms, scenarios, seed } = JSON.parse(process.argv[2]);
const measured = { kernel: release(), ops: {}, runs: {}, ended: {}, complaints: [] };

/** Of one scenario under one scheduler; a scheduler that has not lasted is loaded again for the next. */
async function runOnce(arm, scenario, scheduler) {
  const outcome = await runLoad(scenario, seed);
  if (scheduler?.hasEnded) {
    const reason = `ended with ${await scheduler.ended()}: ${scheduler.lastWords}`;
    measured.ended[arm.name] = { ...measured.ended[arm.name], [scenario.name]: reason };
    console.log(`${arm.name} ${scenario.name}: ${reason}`);
  }
  return { ...outcome, report: scheduler?.report };
}

async function runArm(arm) {
  let scheduler;
  measured.runs[arm.name] = {};
  for (const scenario of scenarios) {
    if (scenario.arms !== undefined && !scenario.arms.includes(arm.name)) continue;
    if (arm.program !== undefined && (scheduler === undefined || scheduler.hasEnded)) {
      scheduler = await Loaded.start(arm);
      measured.ops[arm.name] = scheduler.ops;
    }
    const begun = performance.now();
    measured.runs[arm.name][scenario.name] = await runOnce(arm, scenario, scheduler);
    console.log(
      `seed ${seed}, ${arm.name}, ${scenario.name}: ${(performance.now() - begun).toFixed(0)} ms of guest time`,
    );
  }
  if (scheduler === undefined || scheduler.hasEnded) return;
  const code = await scheduler.stop();
  if (code !== 0)
    measured.complaints.push(`${arm.name} ended with ${code}: ${scheduler.lastWords}`);
}

steadyMachine(arms.flatMap(({ program }) => program ?? []));
prepareLoad();
for (const arm of arms) await runArm(arm);
measured.complaints.push(...kernelComplaints());
writeFileSync(`${process.env.SCHEDHINT_VM_OUT}/measured.json`, JSON.stringify(measured));
