// Makes the error for an invalid argument, with its stable code.

/** Returned, not thrown, so that the `throw` shows at the caller. */
export function refusal(
  message: string,
  Type: TypeErrorConstructor | RangeErrorConstructor = TypeError,
): Error {
  return Object.assign(new Type(message), { code: 'ERR_SCHEDHINT_OPTION' });
}

/** Throws unless it is a function: better at the start of a server than at its first request. */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') {
    throw refusal(`${name}: expected a function, got ${value === null ? 'null' : typeof value}`);
  }
}
