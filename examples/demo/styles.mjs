// What the app's threads do, and what they hint: see WorkingThread.

/** @type {import('./working-thread.mjs').Style} */
export const MAIN_STYLE = {
  name: 'main',
  phase: 'serving',
  urgency: 600,
  sliceUs: 2000,
  dueMs: 20,
  objects: 6000,
  restMs: 5,
};

/** @type {readonly (import('./working-thread.mjs').Style & { fromParent?: { urgency: number, batch: boolean } })[]} */
export const WORKER_STYLES = [
  // Small requests that somebody waits for.
  {
    name: 'interactive',
    phase: 'serving',
    urgency: 1000,
    sliceUs: 500,
    dueMs: 5,
    objects: 4000,
    restMs: 3,
  },
  // Work in bulk. It says nothing of that itself; the main thread does.
  {
    name: 'batch',
    phase: 'serving',
    fromParent: { urgency: 50, batch: true },
    sliceUs: 20_000,
    dueMs: 1000,
    objects: 12_000,
    restMs: 2,
  },
  // Finishes what it has begun, and takes nothing new.
  {
    name: 'draining',
    phase: 'draining',
    urgency: 300,
    sliceUs: 3000,
    dueMs: 100,
    objects: 6000,
    restMs: 5,
  },
];
