// Maps each status code to the checks that can explain it, and adds the status's reason as a failure if none of them has failed.

import type { StatusCode } from '@schedhint/core/thread';
import { type Check, type CheckName, fail } from './check.js';
import type { Patient } from './patient.js';

/** The checks that can tell what is behind a status code. Complete by its type: a new code needs a line. */
export const TOLD_BY: Readonly<Record<StatusCode, readonly [CheckName, ...CheckName[]]>> = {
  ERR_SCHEDHINT_ADDON_LOAD: ['addon'],
  ERR_SCHEDHINT_ADDON_MISSING: ['addon'],
  ERR_SCHEDHINT_BIND_REFUSED: ['map'],
  ERR_SCHEDHINT_BPF_REFUSED: ['map', 'bpf'],
  ERR_SCHEDHINT_BROKER_MEMORY: ['memfd_create'],
  ERR_SCHEDHINT_BROKER_PENDING: ['broker'],
  ERR_SCHEDHINT_BROKER_REFUSED: ['broker'],
  ERR_SCHEDHINT_BROKER_UNREACHABLE: ['broker'],
  ERR_SCHEDHINT_BROKER_VERSION: ['broker'],
  ERR_SCHEDHINT_EXTERNAL_MEMORY: ['node'],
  ERR_SCHEDHINT_LAYOUT_MISMATCH: ['map'],
  ERR_SCHEDHINT_MAP_IN_USE: ['map'],
  ERR_SCHEDHINT_MAP_LAYOUT: ['map'],
  ERR_SCHEDHINT_MAP_NOT_FOUND: ['map', 'bpffs'],
  ERR_SCHEDHINT_MAP_PERMISSION: ['map'],
  ERR_SCHEDHINT_MAP_TYPE: ['map'],
  ERR_SCHEDHINT_NOT_A_PIN: ['map', 'bpffs'],
  ERR_SCHEDHINT_NO_DESCRIPTORS: ['descriptors'],
  ERR_SCHEDHINT_NO_MEMORY: ['map'],
  ERR_SCHEDHINT_PIDFD_REFUSED: ['pidfd_open'],
  ERR_SCHEDHINT_PLATFORM_UNSUPPORTED: ['addon'],
  ERR_SCHEDHINT_DISABLED: ['addon'],
  ERR_SCHEDHINT_STOPPED: ['map'],
  ERR_SCHEDHINT_THREAD_ENDED: ['map'],
  ERR_SCHEDHINT_TLD_IN_USE: ['map'],
  ERR_SCHEDHINT_TLD_SHARED_PAGE: ['map'],
  ERR_SCHEDHINT_UNBIND_REFUSED: ['bpf'],
  ERR_SCHEDHINT_UPTR_UNSUPPORTED: ['kernel'],
  ERR_SCHEDHINT_WORKER_NOT_ATTACHED: ['map'],
};

/**
 * Makes sure that a failed check says why hints stay private. A check asks the machine again and
 * may find nothing wrong with it, but the status is what an application's threads get.
 */
export function withCause({ status }: Patient, checks: readonly Check[]): readonly Check[] {
  if (status.state === 'bound') return checks;
  const tellers = TOLD_BY[status.code];
  if (checks.some(({ name, state }) => state === 'fail' && tellers.includes(name))) return checks;
  const cause = fail(tellers[0], status.reason, `see ${status.code} in docs/errors.md`);
  return checks.some(({ name }) => name === cause.name)
    ? checks.map((check) => (check.name === cause.name ? cause : check))
    : [...checks, cause];
}
