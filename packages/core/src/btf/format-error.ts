// Creates the errors of the BTF and ELF parsers, each with a `code`. The functions return the error and leave the `throw` to the
// caller.

import type { ErrorCode } from '../errors.js';

/** What is wrong with a file, and where. */
export type FormatError = Error & {
  readonly code: ErrorCode;
  /** bytes from the start of the BTF, or of the ELF file */
  readonly offset: number;
};

/** Malformed BTF: `ERR_SCHEDHINT_BTF`. Returned, not thrown, so that the `throw` shows at the caller. */
export function btfError(offset: number, message: string): FormatError {
  return formatError('ERR_SCHEDHINT_BTF', 'BTF', offset, message);
}

/** A malformed ELF file: `ERR_SCHEDHINT_ELF`. */
export function elfError(offset: number, message: string): FormatError {
  return formatError('ERR_SCHEDHINT_ELF', 'ELF', offset, message);
}

function formatError(code: ErrorCode, what: string, offset: number, message: string): FormatError {
  return Object.assign(new Error(`${what} at byte ${offset}: ${message}`), { code, offset });
}

/** BTF that has nothing of the name that was asked for: `ERR_SCHEDHINT_BTF_NOT_FOUND`. */
export function notFound(message: string): Error & { readonly code: ErrorCode } {
  return Object.assign(new Error(message), { code: 'ERR_SCHEDHINT_BTF_NOT_FOUND' as const });
}

/** A type that is well-formed, but no layout can have: `ERR_SCHEDHINT_BTF_UNSUPPORTED`. */
export function unsupported(path: string, what: string): Error & { readonly code: ErrorCode } {
  return Object.assign(new Error(`${path}: ${what}`), {
    code: 'ERR_SCHEDHINT_BTF_UNSUPPORTED' as const,
  });
}
