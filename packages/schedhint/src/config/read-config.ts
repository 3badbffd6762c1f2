// Reads a config file.

import { readFileSync } from 'node:fs';
import { checkConfig } from './check-config.js';
import { ConfigError } from './checks.js';
import type { Config } from './config.js';

/** @throws ConfigError `ERR_SCHEDHINT_CONFIG`, whose message has the file, and the JSON pointer of what is wrong in it */
export function readConfig(file: string): Config {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    checkConfig(value);
    return value;
  } catch (error) {
    throw new ConfigError(`${file}: ${(error as Error).message}`);
  }
}
