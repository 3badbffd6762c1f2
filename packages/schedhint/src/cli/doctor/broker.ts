// Judges from the status of this thread whether schedhint-broker is reachable and answers, without connecting to it again.

import { existsSync } from 'node:fs';
import { type Check, fail, pass, skip } from './check.js';
import { codeOf, type Patient } from './patient.js';

/** `schedhint-broker`: asked only where this process may not open the map itself. */
export function broker({ broker, status, addon }: Patient): Check {
  if (status.state === 'bound') {
    return status.map.by === 'broker'
      ? pass('broker', `${broker} has bound this thread`)
      : skip('broker', 'not needed: this process opens the map itself');
  }
  const code = codeOf(status);
  switch (code) {
    case 'ERR_SCHEDHINT_BROKER_UNREACHABLE':
      return fail(
        'broker',
        status.reason,
        /EACCES/.test(status.reason)
          ? `let this user write to ${broker}, and pass its directories`
          : 'start schedhint-broker: its socket exists, but no process answers',
      );
    case 'ERR_SCHEDHINT_BROKER_PENDING':
      return fail(
        'broker',
        'it accepted the connection 3 s ago and does not answer',
        'restart schedhint-broker: it hangs',
      );
    case 'ERR_SCHEDHINT_BROKER_VERSION':
      return fail('broker', status.reason, 'update the older of the two, and restart it');
    case 'ERR_SCHEDHINT_BROKER_REFUSED':
      return fail(
        'broker',
        status.reason,
        "do what the line above says; the broker's log has more",
      );
    case 'ERR_SCHEDHINT_BROKER_MEMORY':
      return skip('broker', 'not asked: see memfd_create');
  }
  if (!('addon' in addon)) return skip('broker', 'not asked: there is no addon');
  if (broker === '') return skip('broker', 'turned off (SCHEDHINT_BROKER is empty)');
  return skip(
    'broker',
    existsSync(broker) ? `asked at ${broker}` : `none: there is no socket ${broker}`,
  );
}
