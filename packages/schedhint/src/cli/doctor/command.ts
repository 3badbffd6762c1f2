// Implements `schedhint doctor`: attaches this process as an app would, runs all checks, and prints them as text or JSON. With
// --layered it judges a file instead, and attaches to nothing.

import { defineCommand } from '@schedhint/core/cli';
import type { Check } from './check.js';
import { countsOf, linesOf } from './check-lines.js';
import { diagnose } from './diagnosis.js';
import { judgeLayerFile } from './layers/layer-report.js';
import { examine, type Patient } from './patient.js';

/** `schedhint doctor`. */
export const command = defineCommand({
  name: 'doctor',
  description: "Find why this user's hints are not being read, and print the fix.",
  options: {
    map: {
      value: '<pin>',
      text: 'path of the pinned map (SCHEDHINT_MAP, else /sys/fs/bpf/schedhint)',
    },
    json: { text: 'as one JSON object' },
    layered: {
      value: '<file>',
      text: "judge scx_layered's layers instead: whether threads get into them and out",
    },
    'layered-gc': { value: '<number>', text: 'what the app writes in a collection (900, or none)' },
    'layered-normal': { value: '<number>', text: 'what it writes when there is no hint (1)' },
    'layered-urgency': {
      value: '<numbers>',
      text: 'what it writes for urgencies (900; as 900,500-599, or none)',
    },
  },
  notes: `Run it as the application runs: the same user, container and environment. Exit code 0: nothing
failed, there may be warnings; 1: something failed.`,
  action: doctor,
});

interface DoctorOptions {
  readonly map?: string | undefined;
  readonly json?: boolean;
  readonly layered?: string | undefined;
  readonly 'layered-gc'?: string | undefined;
  readonly 'layered-normal'?: string | undefined;
  readonly 'layered-urgency'?: string | undefined;
}

/**
 * Reports what keeps hints from being read, or what is wrong with the layers of scx_layered.
 *
 * @returns the exit code: 0 if nothing failed, else 1
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for an invalid path or number, and a file that cannot be read
 */
export async function doctor({ map, json = false, ...options }: DoctorOptions): Promise<number> {
  if (options.layered !== undefined) return judgeLayerFile(options.layered, options, json);
  const patient = await examine(map);
  const checks = diagnose(patient);
  const ok = checks.every(({ state }) => state !== 'fail');
  process.stdout.write(json ? asJson(patient, checks, ok) : asText(patient, checks));
  return ok ? 0 : 1;
}

function asJson({ map, status }: Patient, checks: readonly Check[], ok: boolean): string {
  const shown = JSON.stringify(
    { ok, map, status, checks },
    (_, value) => (typeof value === 'bigint' ? String(value) : value),
    2,
  );
  return `${shown}\n`;
}

function asText({ map, status }: Patient, checks: readonly Check[]): string {
  const end =
    status.state === 'bound'
      ? `this process's hints are in map ${status.map.id}`
      : `hints stay private: ${status.code}`;
  return `schedhint doctor, for the map ${map}\n\n${linesOf(checks)}\n${countsOf(checks)}; ${end}\n`;
}
