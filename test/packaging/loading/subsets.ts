/** All subsets of a list, the empty one first. */
export function subsets<T>(items: readonly T[]): T[][] {
  const all: T[][] = [[]];
  for (const item of items) all.push(...all.map((one) => [...one, item]));
  return all;
}
