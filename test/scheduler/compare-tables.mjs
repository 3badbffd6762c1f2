// How far apart the figures of two tables with the same lines are.

/** Below it, in ms or per cent, a difference means nothing: CPUs of the VM take turns of up to 2 ms. */
const LEAST = 1;

/** A cell's figure; undefined for words, and for several figures. */
function figureOf(cell) {
  const found = /^([+-]?\d+(?:\.\d+)?)(?: (?:%|ms|CPUs)(?: .*)?)?$/.exec(cell ?? '');
  return found === null ? undefined : Number(found[1]);
}

/**
 * @param {string[][]} table
 * @param {string[][]} other
 * @returns {{ differences: number[], median: number, most: number }} each as a part of the larger figure, or of 1 if both are smaller; `most`: nine
 *   of ten are below it. Lines that only one table has count as a difference of 1
 */
export function compareTables(table, other) {
  const differences = [];
  for (let line = 1; line < Math.max(table.length, other.length); line++) {
    if (table[line] === undefined || other[line] === undefined) {
      differences.push(1);
      continue;
    }
    table[line].forEach((cell, column) => {
      const [a, b] = [figureOf(cell), figureOf(other[line][column])];
      if (a === undefined || b === undefined) return;
      differences.push(Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), LEAST));
    });
  }
  const sorted = [...differences].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { differences, median: at(0.5), most: at(0.9) };
}
