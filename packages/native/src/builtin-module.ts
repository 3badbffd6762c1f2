/**
 * A built-in module, when it is needed: each costs time at an application's start. Not by `require` alone, because
 * an ESM bundle has none.
 *
 * @throws where the runtime has no way to load one
 */
export function builtinModule<T>(name: string): T {
  // Node.js has it since 20.16 and 22.3.
  const get = (process as { getBuiltinModule?: (name: string) => T | undefined }).getBuiltinModule;
  return get?.call(process, name) ?? require(name);
}
