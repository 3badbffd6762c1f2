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
