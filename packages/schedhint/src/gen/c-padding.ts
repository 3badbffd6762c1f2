/** The largest alignment that is worth an attribute: a page. */
const LARGEST = 4096;

/**
 * The alignment with which C's rules put a member, or the end of a struct, at a bit.
 *
 * @param from the bit behind the member before it
 * @param bit where it must begin
 * @param align its own, bytes
 * @param size of the struct, bytes: a multiple of the alignment
 * @returns bytes; 0: no alignment does it
 */
export function wantedAlignment(from: number, bit: number, align: number, size: number): number {
  for (let wanted = align * 2; wanted <= LARGEST; wanted *= 2) {
    const isThere = Math.ceil(from / (wanted * 8)) * wanted * 8 === bit;
    if (isThere && size % wanted === 0) return wanted;
  }
  return 0;
}

/**
 * Unnamed bit-fields that fill the bits between two places, without their semicolons.
 *
 * @param align the struct's, bytes: no wider word may be used
 */
export function paddingBits(from: number, to: number, align: number): string[] {
  const padding: string[] = [];
  let at = from;
  while (at < to) {
    const [unit, bits] = nextPadding(at, to, align);
    padding.push(`__u${unit} : ${bits}`);
    at += bits;
  }
  return padding;
}

function nextPadding(at: number, to: number, align: number): [unit: number, bits: number] {
  for (const unit of [64, 32, 16, 8]) {
    if (unit <= align * 8 && at % unit === 0 && to - at >= unit) return [unit, unit];
  }
  return [8, Math.min(8 - (at % 8), to - at)];
}
