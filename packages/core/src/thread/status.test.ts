import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os, { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerReason, type NativeStatus, Step } from '@schedhint/native';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { explain } from './status.js';

const release = vi.spyOn(os, 'release');

const {
  EAGAIN,
  ECONNREFUSED,
  ENOENT,
  EACCES,
  EPERM,
  ENOSYS,
  EINVAL,
  EOPNOTSUPP,
  ENOMEM,
  EFBIG,
  EMFILE,
  ELOOP,
} = constants.errno;
const status = (step: Step, errno = 0, detail = 0, found = 0): NativeStatus => ({
  step,
  errno,
  mapId: 0,
  detail,
  found,
  tid: 0,
  viaBroker: false,
  boundNs: 0n,
});
const at = (map: string) => ({ kind: 'uptr' as const, map, broker: '/b' });
const kernel = (version: string) => release.mockReturnValue(version);

describe('what a step that failed means', () => {
  beforeAll(() => {
    kernel('6.18.0');
  });

  test.each([Step.OpenMap, Step.OpenThread, Step.BrokerConnect])(
    'no descriptor left at step %i: waiting',
    (step) => {
      expect(explain(at('/m'), status(step, EMFILE))).toEqual({
        state: 'waiting',
        code: 'ERR_SCHEDHINT_NO_DESCRIPTORS',
        reason: expect.stringMatching(/\/m .*EMFILE.*ulimit -n/),
      });
    },
  );

  test('of another kind of channel: its own advice', () => {
    const layered = { kind: 'layered', map: '/nonexistent/m', broker: '' } as const;
    const reasonOf = (native: NativeStatus) => explain(layered, native).reason;
    expect(reasonOf(status(Step.ValueSize, 0, 16))).toMatch(
      /16 bytes, not the 32 .*--task-hint-map/,
    );
    expect(reasonOf(status(Step.OpenMap, EPERM))).toMatch(/EPERM.*schedhint-broker carries only/);
    expect(reasonOf(status(Step.OpenMap, EACCES))).toMatch(/EACCES.*schedhint-broker carries only/);
    kernel('6.12.0');
    expect(explain(layered, status(Step.OpenMap, ENOENT)).code).toBe('ERR_SCHEDHINT_MAP_NOT_FOUND');
    kernel('6.18.0');
  });

  // A reason says what was tried, what the kernel said, and what to do.
  test.each<[string, NativeStatus, string, RegExp]>([
    [
      'a map of another type',
      status(Step.MapType, 0, 1),
      'ERR_SCHEDHINT_MAP_TYPE',
      /\/m .*type 1,.*give the path/,
    ],
    ['a small value', status(Step.ValueSize, 0, 8), 'ERR_SCHEDHINT_MAP_LAYOUT', /8 bytes, fewer/],
    [
      'plain data',
      status(Step.SlotPlain, 0, 8),
      'ERR_SCHEDHINT_MAP_LAYOUT',
      /offset 8 .*clang >= 16/,
    ],
    [
      'a large struct',
      status(Step.SlotSize, 0, 8, 256),
      'ERR_SCHEDHINT_MAP_LAYOUT',
      /offset 8 .*256 bytes/,
    ],
    ['no answer to the probe', status(Step.Probe, ENOMEM), 'ERR_SCHEDHINT_BPF_REFUSED', /ENOMEM/],
    ['no map info', status(Step.MapInfo, EPERM), 'ERR_SCHEDHINT_BPF_REFUSED', /EPERM/],
    [
      'no pidfd',
      status(Step.OpenThread, EINVAL),
      'ERR_SCHEDHINT_PIDFD_REFUSED',
      /EINVAL.*Linux >= 6\.9/,
    ],
    ['no update', status(Step.Update, EOPNOTSUPP), 'ERR_SCHEDHINT_BIND_REFUSED', /EOPNOTSUPP$/],
    [
      'another layout',
      status(Step.OtherLayout),
      'ERR_SCHEDHINT_MAP_IN_USE',
      /another value layout/,
    ],
    ['no memory', status(Step.Memory, ENOMEM), 'ERR_SCHEDHINT_NO_MEMORY', /ENOMEM/],
    [
      'no key',
      status(Step.ThreadKey, EAGAIN),
      'ERR_SCHEDHINT_NO_MEMORY',
      /pthread_key_create: EAGAIN/,
    ],
    [
      'foreign task local data',
      status(Step.TldInUse),
      'ERR_SCHEDHINT_TLD_IN_USE',
      /\/m .*not schedhint's/,
    ],
    [
      'values elsewhere',
      status(Step.TldInUse, 0, 1),
      'ERR_SCHEDHINT_TLD_IN_USE',
      /\/m .*another path/,
    ],
    ['the thread has ended', status(Step.ThreadEnded), 'ERR_SCHEDHINT_THREAD_ENDED', /ended/],
    [
      'a refused bpf(2)',
      status(Step.OpenMap, EPERM),
      'ERR_SCHEDHINT_BPF_REFUSED',
      /EPERM.*seccomp/,
    ],
    ['no bpf(2)', status(Step.OpenMap, ENOSYS), 'ERR_SCHEDHINT_BPF_REFUSED', /ENOSYS/],
    ['a strange path', status(Step.OpenMap, ELOOP), 'ERR_SCHEDHINT_NOT_A_PIN', /ELOOP/],
  ])('%s', (_, native, code, reason) => {
    expect(explain(at('/m'), native)).toEqual({
      state: 'unavailable',
      code,
      reason: expect.stringMatching(reason),
    });
  });

  test('a worker that has not attached is waited for', () => {
    expect(explain(at('/m'), status(Step.ThreadNotSeen))).toMatchObject({
      state: 'waiting',
      code: 'ERR_SCHEDHINT_WORKER_NOT_ATTACHED',
      reason: expect.stringContaining('schedhint/register'),
    });
  });

  test('an element that could not be deleted is tried again', () => {
    expect(explain(at('/m'), status(Step.Delete, EPERM))).toEqual({
      state: 'waiting',
      code: 'ERR_SCHEDHINT_UNBIND_REFUSED',
      reason: expect.stringMatching(/\/m .*BPF_MAP_DELETE_ELEM: EPERM.*again each second/),
    });
  });

  test('no map: waited for, with what to do where even the directory is missing', () => {
    expect(explain(at(`${tmpdir()}/none`), status(Step.OpenMap, ENOENT))).toMatchObject({
      state: 'waiting',
      code: 'ERR_SCHEDHINT_MAP_NOT_FOUND',
      reason: expect.stringMatching(/none: start the scheduler/),
    });
    expect(explain(at('/nonexistent/none'), status(Step.OpenMap, ENOENT))).toHaveProperty(
      'reason',
      expect.stringMatching(/mount bpffs/),
    );
  });

  test.each([
    ['6.12.99', 'ERR_SCHEDHINT_UPTR_UNSUPPORTED'],
    ['5.15.0-generic', 'ERR_SCHEDHINT_UPTR_UNSUPPORTED'],
    ['6.13.0', 'ERR_SCHEDHINT_MAP_NOT_FOUND'],
    ['7.0.1', 'ERR_SCHEDHINT_MAP_NOT_FOUND'],
  ])('no map on Linux %s: %s', (version, code) => {
    kernel(version);
    const explained = explain(at('/nonexistent/none'), status(Step.OpenMap, ENOENT));
    expect(explained.code).toBe(code);
    if (code === 'ERR_SCHEDHINT_UPTR_UNSUPPORTED') {
      expect(explained.state).toBe('unavailable');
      expect(explained.reason).toContain(`requires >= 6.13, running ${version}`);
    }
    kernel('6.18.0');
  });
});

describe('through the broker', () => {
  const brokered = (...of: Parameters<typeof status>) => ({ ...status(...of), viaBroker: true });

  test.each<[string, NativeStatus, string, string, RegExp]>([
    [
      'no process listens',
      brokered(Step.BrokerConnect, ECONNREFUSED),
      'waiting',
      'ERR_SCHEDHINT_BROKER_UNREACHABLE',
      /\/m .*\/b .*ECONNREFUSED; start schedhint-broker/,
    ],
    [
      'its socket may not be written to',
      brokered(Step.BrokerConnect, EACCES),
      'waiting',
      'ERR_SCHEDHINT_BROKER_UNREACHABLE',
      /EACCES; let this user write/,
    ],
    [
      'no answer yet',
      brokered(Step.BrokerAsked),
      'waiting',
      'ERR_SCHEDHINT_BROKER_PENDING',
      /\/b /,
    ],
    [
      'a map that it does not serve',
      brokered(Step.BrokerRefused, 0, BrokerReason.MapNotOffered),
      'unavailable',
      'ERR_SCHEDHINT_BROKER_REFUSED',
      /does not serve \/m: start it with --map \/m; its log/,
    ],
    [
      'a limit',
      brokered(Step.BrokerRefused, 0, BrokerReason.Limit),
      'waiting',
      'ERR_SCHEDHINT_BROKER_REFUSED',
      /limit .* each second/,
    ],
    [
      'a reason of a later version',
      brokered(Step.BrokerRefused, 0, 99),
      'unavailable',
      'ERR_SCHEDHINT_BROKER_REFUSED',
      /reason 99/,
    ],
    [
      'an older broker',
      brokered(Step.BrokerRefused, 0, BrokerReason.OtherVersion, 1),
      'waiting',
      'ERR_SCHEDHINT_BROKER_VERSION',
      /\/b speaks version 1 .* version 2: update schedhint-broker; .* each second/,
    ],
    [
      'a newer broker',
      brokered(Step.BrokerRefused, 0, BrokerReason.OtherVersion, 3),
      'waiting',
      'ERR_SCHEDHINT_BROKER_VERSION',
      /\/b speaks version 3 .* version 2: update the schedhint packages/,
    ],
    [
      'private blocks',
      brokered(Step.BrokerMemory, EPERM),
      'unavailable',
      'ERR_SCHEDHINT_BROKER_MEMORY',
      /memfd_create\(2\) or fallocate\(2\) failed \(EPERM\): allow both/,
    ],
    [
      'files may not be as large',
      brokered(Step.BrokerMemory, EFBIG),
      'unavailable',
      'ERR_SCHEDHINT_BROKER_MEMORY',
      /EFBIG.*ulimit -f\) to 64 KiB/,
    ],
    [
      'no map for it either',
      brokered(Step.OpenMap, ENOENT),
      'waiting',
      'ERR_SCHEDHINT_MAP_NOT_FOUND',
      /broker finds no map at \/m/,
    ],
    [
      'a pin that it may not open',
      brokered(Step.OpenMap, EACCES),
      'unavailable',
      'ERR_SCHEDHINT_NOT_A_PIN',
      /broker could not open \/m: EACCES/,
    ],
    [
      'what the kernel answered',
      brokered(Step.SlotPlain, 0, 8),
      'unavailable',
      'ERR_SCHEDHINT_MAP_LAYOUT',
      /8/,
    ],
  ])('%s', (_, native, state, code, reason) => {
    expect(explain(at('/m'), native)).toEqual({
      state,
      code,
      reason: expect.stringMatching(reason),
    });
  });
});

describe('EACCES', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'schedhint-status-'));
    writeFileSync(join(directory, 'file'), '');
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('off a bpffs: no pin at all', () => {
    expect(explain(at(join(directory, 'file')), status(Step.OpenMap, EACCES))).toMatchObject({
      state: 'unavailable',
      code: 'ERR_SCHEDHINT_NOT_A_PIN',
    });
  });

  test('where one may not even look: a matter of permission, with the fix', () => {
    expect(explain(at('/nonexistent/m'), status(Step.OpenMap, EACCES))).toMatchObject({
      state: 'unavailable',
      code: 'ERR_SCHEDHINT_MAP_PERMISSION',
      reason: expect.stringMatching(/EACCES.*group, mode 0660/),
    });
  });
});
