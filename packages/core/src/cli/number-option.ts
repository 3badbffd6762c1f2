/**
 * The number that an option was given.
 *
 * @throws Error `ERR_SCHEDHINT_OPTION` if it is not a number, or out of its range
 */
export function numberOption(
  name: string,
  text: string,
  { from, to, whole }: { readonly from: number; readonly to: number; readonly whole: boolean },
): number {
  const number = Number(text);
  if (
    text.trim() !== '' &&
    number >= from &&
    number <= to &&
    (!whole || Number.isInteger(number))
  ) {
    return number;
  }
  throw Object.assign(
    new Error(
      `${name} must be a ${whole ? 'whole ' : ''}number from ${from} to ${to}, got ${text}`,
    ),
    { code: 'ERR_SCHEDHINT_OPTION' },
  );
}
