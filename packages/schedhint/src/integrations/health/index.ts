/**
 * An HTTP endpoint for liveness probes, which answers also while the watched thread is busy.
 *
 * @packageDocumentation
 */
import { checkOptions } from '@schedhint/core/thread';
import type { HealthAddress, HealthOptions, HealthReport, HealthServer } from './health.js';
import { Responder } from './responder.js';

export type { HealthAddress, HealthOptions, HealthReport, HealthServer };

const OPTIONS = ['port', 'host', 'path', 'maxLoopAgeMs'];
const MIN_MS = 500;
const MAX_MS = 3_600_000;

/**
 * Answers liveness probes for the calling thread, main thread or worker, from a separate worker thread. The answer is 200 while the thread is in
 * a pause of the collector, or if its event loop has turned in the last `maxLoopAgeMs`, collections not counted; else 503. A
 * thread that is caught in a loop or waits for ever gets 503, a long collection does not.
 *
 * The body is a {@link HealthReport}. It keeps no process alive, and ends with the thread. If it cannot be opened (the port is in use), the
 * process gets the warning `ERR_SCHEDHINT_HEALTH`, and goes on.
 *
 * Where there is no native addon, and with `SCHEDHINT=off`, collections are not known and count as any other work.
 *
 * @throws TypeError, RangeError `ERR_SCHEDHINT_OPTION` for invalid options
 */
export function serveHealth(options: HealthOptions): HealthServer {
  checkOptions('serveHealth', options, OPTIONS);
  const { port, host, path = '/health', maxLoopAgeMs = 5000 } = options;
  checkNumber('port', port, 0, 65_535);
  if (!Number.isInteger(port))
    throw refusal(`port: expected a whole number, got ${port}`, RangeError);
  if (host !== undefined && (typeof host !== 'string' || host === '')) {
    throw refusal(`host: expected an address or a name, got ${shown(host)}`);
  }
  if (typeof path !== 'string' || !/^\/[^?#\s]*$/.test(path)) {
    throw refusal(`path: expected a string such as '/health', got ${shown(path)}`);
  }
  checkNumber('maxLoopAgeMs', maxLoopAgeMs, MIN_MS, MAX_MS);
  return new Responder({ port, host, path, maxLoopAgeMs });
}

function checkNumber(name: string, value: unknown, min: number, max: number): void {
  const isNumber = typeof value === 'number';
  if (isNumber && value >= min && value <= max) return;
  const message = `${name}: expected a number ${min}..${max}, got ${isNumber ? value : shown(value)}`;
  throw refusal(message, isNumber ? RangeError : TypeError);
}

const shown = (value: unknown) =>
  typeof value === 'string' ? JSON.stringify(value) : value === null ? 'null' : typeof value;

/** Returned, not thrown, so that the `throw` shows at the caller. */
function refusal(message: string, Type: TypeErrorConstructor | RangeErrorConstructor = TypeError) {
  return Object.assign(new Type(message), { code: 'ERR_SCHEDHINT_OPTION' });
}
