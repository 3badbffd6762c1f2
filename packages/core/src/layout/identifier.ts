// Checks names: C identifiers, and field names that a JavaScript view can have too.

import { show, typeError } from '../errors.js';

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

const C_KEYWORDS = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if ' +
    'inline int long register restrict return short signed sizeof static struct switch typedef ' +
    'union unsigned void volatile while _Alignas _Alignof _Atomic _Bool _Complex _Generic ' +
    '_Imaginary _Noreturn _Static_assert _Thread_local'
  ).split(' '),
);

/** Whether C could name something so. */
export function isIdentifier(name: unknown): name is string {
  return typeof name === 'string' && IDENTIFIER.test(name) && !C_KEYWORDS.has(name);
}

/** @throws TypeError `ERR_SCHEDHINT_LAYOUT` for what C could not name so */
export function checkIdentifier(what: string, name: unknown): asserts name is string {
  if (!isIdentifier(name)) {
    throw typeError('ERR_SCHEDHINT_LAYOUT', `${what}: expected a C identifier, got ${show(name)}`);
  }
}

/** @throws TypeError `ERR_SCHEDHINT_LAYOUT` for a name that a view, or an object of constants, could not have */
export function checkFieldName(struct: string, name: string | symbol): asserts name is string {
  if (typeof name === 'string' && /^\d+$/.test(name)) {
    // JavaScript lists such keys first, in numeric order: the offsets would be silently wrong.
    throw typeError(
      'ERR_SCHEDHINT_LAYOUT',
      `${struct}: a field cannot be named ${show(name)}, a number`,
    );
  }
  checkIdentifier(`${struct}: field name`, name);
  if (name in Object.prototype) {
    throw typeError(
      'ERR_SCHEDHINT_LAYOUT',
      `${struct}.${name}: every JavaScript object has this name already`,
    );
  }
}
