/** The built-in modules that are loaded when they are needed, by their names. */
interface Builtins {
  'node:diagnostics_channel': typeof import('node:diagnostics_channel');
  'node:fs': typeof import('node:fs');
  'node:module': typeof import('node:module');
  'node:os': typeof import('node:os');
  'node:path': typeof import('node:path');
  'node:util': typeof import('node:util');
  'node:worker_threads': typeof import('node:worker_threads');
}

/** Each by its own name: bundlers warn of a `require` whose argument they do not know. */
const required: { readonly [Name in keyof Builtins]: () => Builtins[Name] } = {
  'node:diagnostics_channel': () => require('node:diagnostics_channel'),
  'node:fs': () => require('node:fs'),
  'node:module': () => require('node:module'),
  'node:os': () => require('node:os'),
  'node:path': () => require('node:path'),
  'node:util': () => require('node:util'),
  'node:worker_threads': () => require('node:worker_threads'),
};

/**
 * A built-in module, when it is needed: each costs time at an application's start. Not by `require` alone, because
 * an ESM bundle has none.
 *
 * @throws where the runtime has no way to load one
 * @internal
 */
export function builtinModule<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  // Node.js has it since 20.16 and 22.3.
  const get = (process as { getBuiltinModule?: (name: string) => unknown }).getBuiltinModule;
  return (get?.call(process, name) as Builtins[Name] | undefined) ?? required[name]();
}
