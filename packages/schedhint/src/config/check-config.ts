// Checks a config file's content by hand, without a JSON-schema validator at run time. A test holds it equal to config.schema.json.

import { array, boolean, type Check, either, number, object, oneOf, string } from './checks.js';
import type { Config } from './config.js';

const URGENCIES = ['low', 'normal', 'high', 'critical'];
const URGENCY = '"low", "normal", "high", "critical" or a whole number from 0 to 1024';
const urgency = either(
  URGENCY,
  URGENCIES,
  number(URGENCY, (n) => Number.isInteger(n) && n >= 0 && n <= 1024),
);
const hints = {
  urgency,
  deadlineMs: number('a number above 0, up to 3600000', (n) => n > 0 && n <= 3_600_000),
};
const PATH =
  'a path that begins with "/", of at most 512 characters, without "?" and "#", with "*" for a whole segment and "**" only at the end';
const limitMs = number('a number from 1 on', (n) => n >= 1);

const config = object(
  {
    $schema: string('a string', /^/),
    version: oneOf(1),
    requests: object({
      enabled: boolean,
      default: object(hints),
      routes: array(
        object(
          {
            // As in the schema.
            path: string(PATH, /^(?=\/)(?:\/(?:\*|[^/*?#]*))*(?:\/\*\*)?$/u, 512),
            methods: array(string('a method in capital letters', /^[A-Z]+$/u), {
              min: 1,
              unique: true,
            }),
            track: boolean,
            ...hints,
          },
          'path',
        ),
        { max: 256 },
      ),
      deadlineHeaders: array(
        oneOf(
          'grpc-timeout',
          'x-envoy-expected-rq-timeout-ms',
          'connect-timeout-ms',
          'request-timeout',
        ),
        { unique: true },
      ),
      priorityHeader: boolean,
      headerLimits: object({ minDeadlineMs: limitMs, maxDeadlineMs: limitMs, maxUrgency: urgency }),
      expireFactor: number('a number from 1 to 100', (n) => n >= 1 && n <= 100),
      maxSeconds: number('a number from 1 to 3600', (n) => n >= 1 && n <= 3600),
    }),
    stalls: object({
      thresholdMs: number('a number from 10 to 60000', (n) => n >= 10 && n <= 60_000),
      output: oneOf('line', 'json', 'none'),
      stack: boolean,
    }),
  } satisfies Record<keyof Config, Check>,
  'version',
);

/** @throws ConfigError that begins with the JSON pointer of what is wrong */
export function checkConfig(value: unknown): asserts value is Config {
  config(value, '');
}
