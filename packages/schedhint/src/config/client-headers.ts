// Parses the headers in which clients say how long they wait and how urgent they find it. They come from anybody: what is not
// exactly as its specification has it is as if it were absent.

import type { DeadlineHeader } from './config.js';

/** What a header may be, of Node.js's headers. */
type Value = string | readonly string[] | undefined;

/** gRPC over HTTP/2, "TimeoutUnit": hours, minutes, seconds, milli-, micro-, nanoseconds; in milliseconds. */
const GRPC_UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

const inMilliseconds = (text: string) => (/^\d{1,10}$/.test(text) ? Number(text) : 0);

const PARSERS: Readonly<Record<DeadlineHeader, (text: string) => number>> = {
  'grpc-timeout': (text) =>
    /^\d{1,8}[HMSmun]$/.test(text) ? Number(text.slice(0, -1)) * GRPC_UNITS[text.at(-1)!]! : 0,
  'x-envoy-expected-rq-timeout-ms': inMilliseconds,
  'connect-timeout-ms': inMilliseconds,
  // No standard has it; in seconds, as HTTP's own headers are.
  'request-timeout': (text) => (/^\d{1,7}(?:\.\d{1,9})?$/.test(text) ? Number(text) * 1000 : 0),
};

/** Milliseconds that a header gives; undefined: it says nothing. Nor does zero: Envoy means "no limit". */
export function deadlineOf(name: DeadlineHeader, value: Value): number | undefined {
  if (typeof value !== 'string') return undefined;
  return PARSERS[name](value) || undefined;
}

/** More is not a priority, but a client that tries out what it costs to read it. */
const MAX_PRIORITY_LENGTH = 256;

/** The urgency that RFC 9218's header asks for; undefined: it says nothing. Its last `u` counts. */
export function urgencyOf(value: Value): 256 | 512 | 768 | undefined {
  if (typeof value !== 'string' || value.length > MAX_PRIORITY_LENGTH) return undefined;
  let u: number | undefined;
  for (const member of value.split(',')) {
    const [, digit] = /^[ \t]*u=([0-7])(?:[ \t]*;.*)?[ \t]*$/.exec(member) ?? [];
    if (digit !== undefined) u = Number(digit);
  }
  if (u === undefined) return undefined;
  return u <= 1 ? 768 : u <= 4 ? 512 : 256;
}
