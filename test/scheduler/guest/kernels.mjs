// In the VM: loads the scheduler, has it schedule a load, takes a CPU away and gives it back, and ends the scheduler. Writes what happened to
// $SCHEDHINT_VM_OUT/measured.json. Argument: JSON of { program, args, scenario, seed }.

import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { kernelComplaints, schedExtState } from '../../vm/guest/scheduler.mjs';
import { until } from '../../vm/guest/until.mjs';
import { prepareLoad, runLoad } from './load.mjs';
import { Loaded } from './loaded.mjs';

const { program, args, scenario, seed } = JSON.parse(process.argv[2]);
const CPU = '/sys/devices/system/cpu/cpu1/online';

prepareLoad();
const found = { kernel: release(), restarts: 0, isLoaded: false };

async function live(scheduler) {
  found.ops = scheduler.ops;
  found.first = await runLoad(scenario, seed);
  for (const online of ['0', '1']) {
    writeFileSync(CPU, online);
    const isBack = () => scheduler.hasEnded || schedExtState() === 'enabled';
    await until('the scheduler is there again', isBack);
    if (scheduler.hasEnded) break;
    found.restarts++;
  }
  found.isLoaded = !scheduler.hasEnded;
  if (found.isLoaded) found.second = await runLoad(scenario, seed);
  found.exitCode = await (scheduler.hasEnded ? scheduler.ended() : scheduler.stop());
  found.lastWords = scheduler.lastWords;
}

try {
  await live(await Loaded.start({ program, args }));
} catch (error) {
  found.lastWords = error.message.trim().split('\n').slice(0, 20).join(' / ');
}
found.state = schedExtState();
found.complaints = kernelComplaints();
writeFileSync(`${process.env.SCHEDHINT_VM_OUT}/measured.json`, JSON.stringify(found));
