/**
 * Log lines of status changes, for pino and loggers like it.
 *
 * @packageDocumentation
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type AttachedThread,
  STATUS_CHANNEL,
  type Status,
  type StatusMessage,
  type Stoppable,
  stoppable,
} from '@schedhint/core/thread';
import { isDisabled } from '@schedhint/native';

/** What pino, bunyan and Fastify's `log` have in common. */
export interface StatusLogger {
  /** For threads that are bound, or wait. */
  info(fields: object, message: string): void;
  /** For threads whose hints are not read until something is changed. */
  warn(fields: object, message: string): void;
}

/** What is in a line besides its message. */
export interface StatusFields {
  readonly state: Status['state'];
  /** The thread's id in the kernel; 0 while it is not known. */
  readonly tid: number;
  /** Path of the map's pin; absent where only the thread is known. */
  readonly map?: string;
  /** The kernel's id of the map that the thread is bound to. */
  readonly mapId?: number;
  /** Who has bound it. */
  readonly by?: 'self' | 'broker';
  /** Why it is not bound. */
  readonly code?: string;
}

/**
 * Logs a line for each change of a status in the calling thread: at level `info` when it is bound or
 * waits, `warn` when it is `unavailable`. The message has the reason and what to do.
 *
 * @param now threads whose present status is logged immediately
 * @returns stops it
 */
export function logStatus(logger: StatusLogger, ...now: readonly AttachedThread[]): Stoppable {
  const tell = ({ tid, map, status }: { tid: number; map?: string; status: Status }) => {
    const { state } = status;
    const place = { state, tid, ...(map === undefined ? {} : { map }) };
    if (status.state === 'bound') {
      const { id: mapId, by, path } = status.map;
      const fields: StatusFields = { ...place, map: path, mapId, by };
      logger.info({ schedhint: fields }, 'schedhint: bound');
    } else {
      const fields: StatusFields = { ...place, code: status.code };
      const level = state === 'waiting' ? 'info' : 'warn';
      logger[level]({ schedhint: fields }, `schedhint: ${state}: ${status.reason}`);
    }
  };
  const onMessage = (message: unknown) => tell(message as StatusMessage);
  for (const { tid, status } of now) tell({ tid, status });
  if (isDisabled()) return stoppable(() => {});
  subscribe(STATUS_CHANNEL, onMessage);
  return stoppable(() => {
    unsubscribe(STATUS_CHANNEL, onMessage);
  });
}
