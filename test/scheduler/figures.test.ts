import { expect, test } from 'vitest';
import { readPage, readResults, withFigures } from './figures.mjs';

test("the page of the scheduler's package has the figures of the matrix", () => {
  expect(withFigures(readPage(), readResults())).toBe(readPage());
});
