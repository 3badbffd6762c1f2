// Node.js's permission model: an app that may do little must not break because of hints. Every subset of all permissions is in
// `npm run matrix -- permissions`.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeBinaries } from '../node-versions/node-binaries.js';
import { Installed } from './installed.js';
import { PermissionModel } from './permission-model.js';

let installed: Installed;
beforeAll(() => {
  installed = Installed.create();
});
afterAll(() => {
  installed?.remove();
});

describe.each(nodeBinaries())('in Node.js $version', ({ path }) => {
  test('an app and a preload do what they do without hints, whatever is granted', async () => {
    const model = await PermissionModel.of(path);
    expect(model.grants.length).toBeGreaterThanOrEqual(6);
    const sets = model.someSubsets();
    expect(sets.length).toBe(16);
    expect(await model.run(sets, installed.path)).toEqual([]);
  });
});
