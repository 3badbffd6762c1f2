// Reads the file that SCHEDHINT_CONFIG names, once in a process.

import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { environmentVariable } from '@schedhint/native';
import type { Config } from '../config/config.js';
import { readConfig } from '../config/read-config.js';

/** Under which workers find what their parent has read. */
const READ = 'schedhint.config';

/** A file that was read; null: it is bad, and the process has been warned. */
interface Read {
  readonly file: string;
  readonly config: Config | null;
}

/**
 * What the file says; undefined: no file is named, null: it is bad, and the process has been warned. A worker has what the thread that
 * started it has read, also where it could not read it itself.
 */
export function configFile(): Config | null | undefined {
  const file = environmentVariable('SCHEDHINT_CONFIG');
  if (!file) return undefined;
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
    process.emitWarning(`${message}; the file is ignored`, { code });
    return null;
  }
}
