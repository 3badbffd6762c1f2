/**
 * The permissions that an option was given, in octal: `0660`.
 *
 * @throws Error `ERR_OPTION` if they are none
 */
export function modeOption(name: string, text: string): number {
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8);
  throw Object.assign(new Error(`${name} wants octal permissions such as 0666, got ${text}`), {
    code: 'ERR_OPTION',
  });
}
