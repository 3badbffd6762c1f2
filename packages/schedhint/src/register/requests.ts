// Tracks the requests of all HTTP servers of the thread where the environment asks for it: by SCHEDHINT_REQUESTS, and by the rules
// of the file that SCHEDHINT_CONFIG names.

import { debuglog } from 'node:util';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { environmentVariable } from '@schedhint/native';
import type { Config } from '../config/config.js';
import { readConfig } from '../config/read-config.js';
import { Rules } from '../config/rules.js';
import { trackRequests } from '../requests/index.js';

const debug = debuglog('schedhint');

const OFF = ['0', 'off', 'false'];

/** Under which workers find what their parent has read. */
const READ = 'schedhint.config';

/** A file that was read; null: it is bad, and the process has been warned. */
interface Read {
  readonly file: string;
  readonly config: Config | null;
}

/** Begins to track requests, if the environment asks for it. Never throws. */
export function trackByEnvironment(): void {
  try {
    const wanted = environmentVariable('SCHEDHINT_REQUESTS');
    const file = environmentVariable('SCHEDHINT_CONFIG');
    if ((wanted && OFF.includes(wanted)) || (!wanted && !file)) return;
    const config = file ? configOf(file) : undefined;
    if (config === null) return;
    const requests = config?.requests;
    if (!wanted && (requests === undefined || requests.enabled === false)) return;
    const { expireFactor, maxSeconds } = requests ?? {};
    const tracker = trackRequests({ expireFactor, maxSeconds });
    tracker.http(requests === undefined ? {} : { describe: new Rules(requests).describe });
    debug('register: requests are tracked, by %s', file || 'the environment');
  } catch (error) {
    debug('register: requests: %s', error);
  }
}

/**
 * Reads the file, once in a process: a worker has what the thread that started it has read, also where it could not read it
 * itself, and a bad file is one warning.
 */
function configOf(file: string): Config | null {
  const before = getEnvironmentData(READ) as Read | undefined;
  if (before?.file === file) return before.config;
  const config = readOrWarn(file);
  setEnvironmentData(READ, { file, config } as never);
  return config;
}

function readOrWarn(file: string): Config | null {
  try {
    return readConfig(file);
  } catch (error) {
    const { message, code } = error as Error & { code: string };
    process.emitWarning(`${message}; there are no request hints`, { code });
    return null;
  }
}
