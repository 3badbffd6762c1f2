import { expect, test } from 'vitest';
import { choosePackage } from './image.mjs';
import { countTests, failedTests } from './report.mjs';

const names = [
  'linux-image-6.17.8+deb13-cloud-amd64',
  'linux-image-6.17.13+deb13-cloud-amd64',
  'linux-image-7.3.4+deb13-cloud-amd64',
  'linux-binary-7.3.4+deb13-cloud-amd64',
  'linux-binary-7.3.4+deb13-arm64',
  'linux-binary-7.3.4+deb13-arm64-16k',
  'linux-binary-7.10.1+deb13-arm64-16k',
  'linux-binary-7.3.4+deb13-cloud-arm64',
  'linux-image-arm64',
];
const choose = (flavour: string, version = /^/) => choosePackage(names, { flavour, version });

test('the newest kernel of a flavour is chosen, and no other flavour', () => {
  expect(choose('cloud-amd64')).toBe('linux-binary-7.3.4+deb13-cloud-amd64');
  expect(choose('cloud-amd64', /^6\.17\./)).toBe('linux-image-6.17.13+deb13-cloud-amd64');
  expect(choose('arm64')).toBe('linux-binary-7.3.4+deb13-arm64');
  expect(choose('arm64-16k')).toBe('linux-binary-7.10.1+deb13-arm64-16k');
  expect(choose('arm64', /^6\./)).toBeUndefined();
});

test('what `node --test` reported is read: a skipped test is a failure', () => {
  const tap = `TAP version 13
ok 1 - one
not ok 2 - two: it says why
    not ok 1 - a part of it
ok 3 - three # SKIP
# pass 1
# fail 1
# cancelled 0
# skipped 1
# todo 0
`;
  expect(countTests(tap)).toEqual({ passed: 1, failed: 2 });
  expect(failedTests(tap)).toEqual(['two: it says why']);
});
