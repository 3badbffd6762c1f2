// schedhint/register as bundlers take it, by the condition `module` of the package's exports. It imports what it needs instead
// of having it in it: so the bundle has one copy of that, and none of a package that is kept out of it. It does not
// matter here how much is compiled at the start: an app with a bundle compiles all of it anyway.

import { debuglog } from 'node:util';
import { whyNoAddon } from '@schedhint/core/preload';
import { isDisabled } from '@schedhint/native';
import { publishToOthers, publishToStandardBlock } from './full.js';
import { trackByEnvironment } from './requests.js';
import { watchByEnvironment } from './stalls.js';

const reason = whyNoAddon();
if (reason === null) {
  publishToStandardBlock();
  publishToOthers();
  trackByEnvironment();
} else {
  debuglog('schedhint')('register: %s', reason);
}
if (!isDisabled()) watchByEnvironment(); // without the addon too
