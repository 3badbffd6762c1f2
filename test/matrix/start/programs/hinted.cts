// An app in TypeScript that uses schedhint.

import { attachThread, type HintedThread, startGcHints } from 'schedhint';

const { collectUntilEnd, say } = require('./say.cjs');

const thread: HintedThread = attachThread();
thread.hints.urgency = 900;
startGcHints();
say('hinted');
collectUntilEnd();
