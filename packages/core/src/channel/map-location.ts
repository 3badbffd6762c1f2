// Resolves the paths of the map's pin and of the broker's socket from options, environment variables and defaults.

import { builtinModule, type ChannelRequest, environmentVariable } from '@schedhint/native';
import { show, typeError } from '../errors.js';

/** Where a map of standard blocks is pinned unless somebody says otherwise. */
export const DEFAULT_PIN = '/sys/fs/bpf/schedhint';

/** Where `schedhint-broker` listens by default. */
export const DEFAULT_BROKER = '/run/schedhint/broker.sock';

/** Where a map is, and the broker to ask for it. */
export type Pin = Pick<ChannelRequest, 'map' | 'broker'>;

/** The map that options name. @throws TypeError `ERR_SCHEDHINT_OPTION` for an invalid path */
export function pinOf(options: { readonly map?: string; readonly broker?: string }): Pin {
  return { map: pathOf(options.map), broker: brokerOf(options.broker) };
}

function pathOf(map: unknown): string {
  return checkPath(map ?? (environmentVariable('SCHEDHINT_MAP') || DEFAULT_PIN));
}

/** Paths that have been found to be as they should be: there are few, and each attach names one. */
const plain = new Set<unknown>();

/** An absolute path. @throws TypeError `ERR_SCHEDHINT_OPTION` for an invalid one */
export function checkPath(path: unknown): string {
  if (plain.has(path)) return path as string;
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      `map: expected the path of a pinned map, got ${show(path)}`,
    );
  }
  return resolved(path);
}

function brokerOf(broker: unknown): string {
  const path = broker ?? environmentVariable('SCHEDHINT_BROKER') ?? DEFAULT_BROKER;
  if (plain.has(path)) return path as string;
  if (typeof path !== 'string' || path.includes('\0')) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      `broker: expected the path of a socket, got ${show(path)}`,
    );
  }
  return path === '' ? '' : resolved(path);
}

/**
 * Most paths are as they should be. `node:path` is loaded for the others only: in an ESM bundle, the preload may have no way to.
 */
function resolved(path: string): string {
  const isPlain =
    path.startsWith('/') && !path.includes('//') && !path.includes('/.') && !path.endsWith('/');
  if (!isPlain) return builtinModule('node:path').resolve(path);
  plain.add(path);
  return path;
}
