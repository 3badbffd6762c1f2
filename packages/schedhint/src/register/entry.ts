// The entry without code: node --require schedhint/register, --import schedhint/register, or either
// in NODE_OPTIONS. It runs before the application in every thread that it reaches, and whatever
// happens here, the application does not notice. So it is small, and what is only needed now and then
// is in a separate file: compiling and running all of it takes 20 ms of a slow machine's time.

import { publishOwnCollections, whyNoAddon } from '@schedhint/core/preload';
import { builtinModule, environmentVariable as env } from '@schedhint/native';

type Rest = typeof import('./full.js');
type Requests = typeof import('./requests.js');
type Stalls = typeof import('./stalls.js');

const rest = (): Rest => require('./register-rest.cjs');
const requests = (): Requests => require('./cjs/register/requests.js');
const stalls = (): Stalls => require('./cjs/register/stalls.js');
// Asked first, because to load node:util takes a while.
const debug = env('NODE_DEBUG') ? builtinModule('node:util').debuglog('schedhint') : undefined;
let tells = false;

// As long as nothing listens to what it would report, it need not be there.
function onStatus(): void {
  const { hasSubscribers } = builtinModule('node:diagnostics_channel');
  if (tells || !hasSubscribers('schedhint:status')) return;
  tells = true;
  try {
    rest().tellStatus();
  } catch (error) {
    debug?.('register: %s', error);
  }
}

try {
  const reason = whyNoAddon();
  if (reason !== null) {
    debug?.('register: %s', reason);
  } else {
    if (debug?.enabled || !publishOwnCollections(onStatus)) {
      rest().publishToStandardBlock();
    }
    if (env('SCHEDHINT_LAYERED_MAP') || env('SCHEDHINT_TLD_MAP')) rest().publishToOthers();
    if (env('SCHEDHINT_REQUESTS') || env('SCHEDHINT_CONFIG')) requests().trackByEnvironment();
  }
  // Without the addon too.
  if (env('SCHEDHINT_STALLS') || env('SCHEDHINT_CONFIG')) stalls().watchByEnvironment();
} catch (error) {
  debug?.('register: %s', error);
}
