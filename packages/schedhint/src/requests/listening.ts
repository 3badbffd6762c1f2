// Subscribes to a server's events only while the app listens to them too: a first listener changes how Node.js handles some.

import type { EventEmitter } from 'node:events';

type Listener = (...args: never[]) => void;

/** The listeners of {@link listenBeside}, of all servers. */
const ours = new WeakSet<Listener>();

/**
 * Listens to each of some events as long as others do, and is called before those that listen
 * already. A server behaves differently once somebody listens to some events ('checkContinue',
 * 'request' of HTTP/2): that is for the app to decide.
 *
 * @returns stops it
 */
export function listenBeside(
  server: EventEmitter,
  listeners: Readonly<Record<string, Listener>>,
): () => void {
  const listening = new Set<string>();
  const call = (event: string) => listeners[event] as (...args: unknown[]) => void;
  const listen = (event: string) => {
    if (!listening.has(event)) server.prependListener(event, call(event));
    listening.add(event);
  };
  const stop = (event: string) => {
    if (listening.delete(event)) server.removeListener(event, call(event));
  };
  const hasOthers = (event: string) =>
    server.listeners(event).some((other) => !ours.has(other as Listener));
  const onNew = (event: string | symbol, added: Listener) => {
    if (typeof event === 'string' && Object.hasOwn(listeners, event) && !ours.has(added)) {
      listen(event);
    }
  };
  const onRemoved = (event: string | symbol) => {
    if (typeof event === 'string' && listening.has(event) && !hasOthers(event)) stop(event);
  };
  for (const listener of Object.values(listeners)) ours.add(listener);
  server.on('newListener', onNew);
  server.on('removeListener', onRemoved);
  for (const event of Object.keys(listeners)) if (hasOthers(event)) listen(event);
  return () => {
    server.removeListener('newListener', onNew);
    server.removeListener('removeListener', onRemoved);
    for (const event of [...listening]) stop(event);
  };
}
