// Reads the value of SCHEDHINT_STALLS: a threshold, and words behind it, as `50`, `50,json` or `100,none,stack`.

import type { StallOutput, StallsConfig } from '../config/config.js';

const OFF = ['0', 'off', 'false'];
const OUTPUTS: readonly string[] = ['line', 'json', 'none'] satisfies StallOutput[];

/** What a value asks for; null: that nothing is watched; a string: what is wrong with it. */
export function stallsOf(value: string): StallsConfig | null | string {
  if (OFF.includes(value)) return null;
  const [threshold = '', ...words] = value.split(',');
  const thresholdMs = /^\d{1,5}(\.\d{1,3})?$/.test(threshold) ? Number(threshold) : 0;
  if (thresholdMs < 10 || thresholdMs > 60_000) {
    return `expected milliseconds from 10 to 60000, or "off", got ${shown(threshold)}`;
  }
  let wanted: StallsConfig = { thresholdMs };
  for (const word of words) {
    if (OUTPUTS.includes(word)) wanted = { ...wanted, output: word as StallOutput };
    else if (word === 'stack') wanted = { ...wanted, stack: true };
    else return `expected "line", "json", "none" or "stack" behind the comma, got ${shown(word)}`;
  }
  return wanted;
}

const shown = (text: string) => JSON.stringify(text.slice(0, 40));
