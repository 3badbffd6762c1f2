import type { Row } from './row.js';
import { Stage } from './stage.js';

let stage: Stage | null = null;

/** Plays a row on a stage of its own. @returns what it saw; throws unless that is what it should */
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

/** For whoever is stopped meanwhile: no mount, no pin and no process is left behind. */
export async function clearStage(): Promise<void> {
  await stage?.clear();
}
