// A piece of computing without memory: some milliseconds of CPU time.

const STEPS = 1_500_000;

/** @param {number} seed @returns {number} */
export function compute(seed) {
  let value = seed;
  for (let i = 0; i < STEPS; i++) value = (Math.imul(value, 1664525) + 1013904223) | 0;
  return value;
}
