// Implements `schedhint doctor`: attaches this process as an app would, runs all checks, and prints them as text or JSON.

import { defineCommand, type Paint, paintFor } from '@schedhint/core/cli';
import type { Check, CheckState } from './check.js';
import { diagnose } from './diagnosis.js';
import { examine, type Patient } from './patient.js';

/** `schedhint doctor`. */
export const command = defineCommand({
  name: 'doctor',
  description: "Tell what keeps this user's hints from being read, and what to do about it.",
  options: {
    map: {
      value: '<pin>',
      text: 'path of the pinned map (SCHEDHINT_MAP, else /sys/fs/bpf/schedhint)',
    },
    json: { text: 'as one JSON object' },
  },
  notes: `Run it as the application runs: the same user, container and environment. Exit code 0: nothing
failed, there may be warnings; 1: something failed.`,
  action: doctor,
});

interface DoctorOptions {
  readonly map?: string | undefined;
  readonly json?: boolean;
}

/**
 * Tells what keeps hints from being read.
 *
 * @returns the exit code: 0 if nothing failed, else 1
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for a path that is none
 */
export async function doctor({ map, json = false }: DoctorOptions): Promise<number> {
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

const STYLES = { pass: 'green', warn: 'yellow', fail: 'red', skip: 'dim' } as const;
const NAME_WIDTH = 16;

function asText({ map, status }: Patient, checks: readonly Check[]): string {
  const paint = paintFor(process.stdout);
  const lines = checks.flatMap((check) => linesOf(check, paint));
  const count = (state: CheckState) => checks.filter((check) => check.state === state).length;
  const counts = (['pass', 'warn', 'fail'] as const).map((state) => `${count(state)} ${state}`);
  const end =
    status.state === 'bound'
      ? `this process's hints are in map ${status.map.id}`
      : `hints stay private: ${status.code}`;
  return `schedhint doctor, for the map ${map}\n\n${lines.join('\n')}\n\n${counts.join(', ')}; ${end}\n`;
}

function linesOf({ name, state, found, todo }: Check, paint: Paint): string[] {
  const line = `${paint(STYLES[state], state)}  ${name.padEnd(NAME_WIDTH)}${found}`;
  return todo === undefined ? [line] : [line, `${' '.repeat(6 + NAME_WIDTH)}-> ${todo}`];
}
