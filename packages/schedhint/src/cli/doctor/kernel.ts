// Checks whether the kernel has __uptr, and whether it or a seccomp profile refuses bpf(2), pidfd_open(2) or memfd_create(2).

import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { type Check, type CheckName, fail, pass, skip, warn } from './check.js';
import { codeOf, type Patient } from './patient.js';

const UPTR_SINCE = [6, 13] as const;
const THREAD_PIDFD_SINCE = [6, 9] as const;
const BTF = '/sys/kernel/btf/vmlinux';

/** What the kernel has, and what it, or a seccomp profile, refuses to this process. */
export function kernelChecks(patient: Patient): Check[] {
  return [kernel(patient), bpf(patient), pidfdOpen(patient), memfdCreate(patient)];
}

function isSince([major, minor]: readonly [number, number]): boolean {
  const [ours = 0, oursMinor = 0] = release().split('.').map(Number);
  return ours > major || (ours === major && oursMinor >= minor);
}

/** Whether the kernel's own types name the kind of field; null: they cannot be read. */
function typesNameUptr(): boolean | null {
  try {
    return readFileSync(BTF).includes('\0BPF_UPTR\0');
  } catch {
    return null;
  }
}

function kernel({ status }: Patient): Check {
  if (process.platform !== 'linux') return skip('kernel', `this is ${process.platform}`);
  if (status.state === 'bound') return pass('kernel', `Linux ${release()}: holds __uptr pointers`);
  const named = typesNameUptr();
  if (named === true && codeOf(status) !== 'ERR_SCHEDHINT_UPTR_UNSUPPORTED') {
    return pass('kernel', `Linux ${release()}: has __uptr (${BTF})`);
  }
  if (!isSince(UPTR_SINCE)) {
    return fail(
      'kernel',
      `Linux ${release()} has no __uptr (requires >= ${UPTR_SINCE.join('.')})`,
      `boot Linux ${UPTR_SINCE.join('.')} or newer`,
    );
  }
  return warn(
    'kernel',
    named === null
      ? `Linux ${release()} should have __uptr, but its types cannot be read (${BTF})`
      : `Linux ${release()} should have __uptr, but its types (${BTF}) do not name it`,
    'boot a kernel with CONFIG_BPF_SYSCALL and CONFIG_DEBUG_INFO_BTF: schedulers need both',
  );
}

/** What `/proc/self/status` says of filters: mode 2 is a profile. */
function filtered(): string {
  try {
    const [, mode] = /^Seccomp:\s+(\d)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return mode === '0'
      ? 'no seccomp profile is on this process: the kernel itself refuses'
      : 'a seccomp profile is on this process';
  } catch {
    return 'whether a seccomp profile is on this process cannot be seen (no /proc)';
  }
}

const errnoName = (errno: number) => getSystemErrorName(-errno);

function bpf({ calls, status, broker }: Patient): Check {
  if (calls === null) return withoutAddon('bpf');
  if (noneLeft(calls.bpf)) return untried('bpf');
  if (calls.bpf === 0) return pass('bpf', `bpf(2) may be called${unprivileged()}`);
  const found = `bpf(2) is refused (${errnoName(calls.bpf)}); ${filtered()}`;
  if (status.state === 'bound') {
    return pass('bpf', `${found}; not needed: the broker binds the threads`);
  }
  return codeOf(status).startsWith('ERR_SCHEDHINT_BROKER')
    ? warn('bpf', `${found}; the broker is asked instead`, 'see the broker below')
    : fail(
        'bpf',
        found,
        `allow bpf in the seccomp profile, or run schedhint-broker and let this process reach ${broker || 'its socket (SCHEDHINT_BROKER)'}`,
      );
}

function unprivileged(): string {
  try {
    const value = readFileSync('/proc/sys/kernel/unprivileged_bpf_disabled', 'utf8').trim();
    return ` (kernel.unprivileged_bpf_disabled=${value} does not matter: opening a pin needs no privilege)`;
  } catch {
    return '';
  }
}

function pidfdOpen({ calls }: Patient): Check {
  if (calls === null) return withoutAddon('pidfd_open');
  if (noneLeft(calls.pidfdOpen)) return untried('pidfd_open');
  if (calls.pidfdOpen === 0) return pass('pidfd_open', 'pidfd_open(2) may be called on threads');
  const said = errnoName(calls.pidfdOpen);
  return isSince(THREAD_PIDFD_SINCE)
    ? fail(
        'pidfd_open',
        `pidfd_open(2) is refused (${said}); ${filtered()}`,
        'allow pidfd_open in the seccomp profile: with the broker it is needed too',
      )
    : fail(
        'pidfd_open',
        `pidfd_open(2) does not accept threads (${said}): Linux ${release()}, requires >= ${THREAD_PIDFD_SINCE.join('.')}`,
        `boot Linux ${UPTR_SINCE.join('.')} or newer`,
      );
}

function memfdCreate({ calls, status }: Patient): Check {
  if (calls === null) return withoutAddon('memfd_create');
  if (noneLeft(calls.memfdCreate)) return untried('memfd_create');
  if (status.state !== 'bound' && status.code === 'ERR_SCHEDHINT_BROKER_MEMORY') {
    if (calls.memfdCreate !== 0) {
      return fail(
        'memfd_create',
        `the broker needs the blocks in a memfd, and memfd_create(2) is refused (${errnoName(calls.memfdCreate)}); ${filtered()}`,
        'allow memfd_create in the seccomp profile',
      );
    }
    return /EFBIG/.test(status.reason)
      ? fail(
          'memfd_create',
          'the broker needs the blocks in a memfd, and RLIMIT_FSIZE is below 64 KiB',
          'raise the limit of file sizes (ulimit -f) to 64 KiB at least',
        )
      : fail('memfd_create', status.reason, 'allow fallocate in the seccomp profile');
  }
  return calls.memfdCreate === 0
    ? pass('memfd_create', 'memfd_create(2) may be called')
    : warn(
        'memfd_create',
        `memfd_create(2) is refused (${errnoName(calls.memfdCreate)}): the broker could not be used`,
        'allow memfd_create in the seccomp profile if you mean to use the broker',
      );
}

/** Each returns a descriptor. A lack of descriptors is not a refusal of the call. */
function noneLeft(errno: number): boolean {
  return errno !== 0 && ['EMFILE', 'ENFILE'].includes(errnoName(errno));
}

function untried(name: CheckName): Check {
  return skip(name, 'not tried: no descriptor is left');
}

function withoutAddon(name: CheckName): Check {
  return skip(name, 'not asked: there is no addon');
}
