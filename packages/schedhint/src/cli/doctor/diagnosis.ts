// Runs the checks of `schedhint doctor`, in the order in which they are printed.

import { broker } from './broker.js';
import { withCause } from './cause.js';
import type { Check } from './check.js';
import { kernelChecks } from './kernel.js';
import { limitChecks } from './limits.js';
import { mapChecks, reader } from './map.js';
import type { Patient } from './patient.js';
import { reachChecks, runtimeChecks } from './runtime.js';

/** All checks. One of them has failed if hints stay private. */
export function diagnose(patient: Patient): readonly Check[] {
  return withCause(patient, [
    ...runtimeChecks(patient),
    ...kernelChecks(patient),
    ...mapChecks(patient),
    broker(patient),
    reader(patient),
    ...reachChecks(patient),
    ...limitChecks(patient),
  ]);
}
