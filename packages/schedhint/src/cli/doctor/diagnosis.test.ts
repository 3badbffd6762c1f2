// The doctor over every status that a thread can have: the status is played, the machine is not.

import type { Status, StatusCode } from '@schedhint/core';
import { loadAddon } from '@schedhint/native';
import { expect, test } from 'vitest';
import { TOLD_BY } from './cause.js';
import { diagnose } from './diagnosis.js';
import type { Patient } from './patient.js';

const NOTHING_REFUSED = { bpf: 0, pidfdOpen: 0, memfdCreate: 0 };
const EPERM = 1;
const EVERYTHING_REFUSED = { bpf: EPERM, pidfdOpen: EPERM, memfdCreate: EPERM };

function patient(status: Status, calls: Patient['calls'], map: string): Patient {
  const rest = { broker: '/nonexistent/broker', source: 'v8', workerReached: true } as const;
  return { map, status, calls, addon: loadAddon(), ...rest };
}

// Complete by the type of TOLD_BY.
const CODES = Object.keys(TOLD_BY) as StatusCode[];

test.each(CODES)('%s: a check fails and says the cause', (code) => {
  const status = { state: 'unavailable', code, reason: `played: ${code}` } as const;
  for (const calls of [NOTHING_REFUSED, EVERYTHING_REFUSED, null]) {
    for (const map of ['/sys/fs/bpf/hints', '/nonexistent/hints']) {
      const failed = diagnose(patient(status, calls, map)).filter(({ state }) => state === 'fail');
      const telling = failed.filter(({ name }) => TOLD_BY[code].includes(name));
      expect({ failed, telling: telling.length }).not.toMatchObject({ telling: 0 });
      for (const { found, todo } of telling) {
        expect(found).toMatch(/./);
        expect(todo).toMatch(/./);
      }
    }
  }
});

test('a status that no check can explain is reported by its own reason', () => {
  const status = {
    state: 'unavailable',
    code: 'ERR_SCHEDHINT_PIDFD_REFUSED',
    reason: 'played',
  } as const;
  const failed = diagnose(patient(status, NOTHING_REFUSED, '/sys/fs/bpf/hints')).filter(
    (check) => check.state === 'fail',
  );
  expect(failed).toEqual([
    {
      name: 'pidfd_open',
      state: 'fail',
      found: 'played',
      todo: 'see ERR_SCHEDHINT_PIDFD_REFUSED in docs/errors.md',
    },
  ]);
});

test('ERR_SCHEDHINT_BPF_REFUSED although bpf(2) may be called: the map says what was refused', () => {
  const reason = 'asking /sys/fs/bpf/hints for its layout failed: EINVAL';
  const status = { state: 'unavailable', code: 'ERR_SCHEDHINT_BPF_REFUSED', reason } as const;
  const failed = diagnose(patient(status, NOTHING_REFUSED, '/sys/fs/bpf/hints')).filter(
    (check) => check.state === 'fail',
  );
  expect(failed).toMatchObject([{ name: 'map', found: reason }]);
});
