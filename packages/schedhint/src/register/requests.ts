// Tracks the requests of all HTTP servers of the thread where the environment asks for it: by SCHEDHINT_REQUESTS, and by the rules
// of the file that SCHEDHINT_CONFIG names.

import { debuglog } from 'node:util';
import { environmentVariable } from '@schedhint/native';
import { Rules } from '../config/rules.js';
import { trackRequests } from '../requests/index.js';
import { configFile } from './config-file.js';

const debug = debuglog('schedhint');

const OFF = ['0', 'off', 'false'];

/** Begins to track requests, if the environment asks for it. Never throws. */
export function trackByEnvironment(): void {
  try {
    const wanted = environmentVariable('SCHEDHINT_REQUESTS');
    if (wanted && OFF.includes(wanted)) return;
    const config = configFile();
    if (config === null) return;
    const requests = config?.requests;
    if (!wanted && (requests === undefined || requests.enabled === false)) return;
    const { expireFactor, maxSeconds } = requests ?? {};
    const tracker = trackRequests({ expireFactor, maxSeconds });
    tracker.http(requests === undefined ? {} : { describe: new Rules(requests).describe });
    debug('register: requests are tracked, by %s', config ? 'the config file' : 'the environment');
  } catch (error) {
    debug('register: requests: %s', error);
  }
}
