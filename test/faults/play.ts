// Runs a row of the fault table on a new stage, which the signal handlers of run.ts can clear.

import type { Row } from './row.js';
import { Stage } from './stage.js';

let stage: Stage | null = null;

/** Runs a row on a new stage. @returns what the row saw; throws if that is not as expected */
export async function play({ run, times }: Row): Promise<string> {
  stage = await Stage.open();
  try {
    const outcome = await run(stage, times);
    await stage.finish();
    return outcome;
  } finally {
    await stage.clear();
  }
}

/** For anyone who is stopped meanwhile: no mount, no pin and no process is left behind. */
export async function clearStage(): Promise<void> {
  await stage?.clear();
}
