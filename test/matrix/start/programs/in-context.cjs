// An app that runs in its own context.

const { collectUntilEnd, say } = require('./say.cjs');
const { attachThread, startGcHints } = require('schedhint');

attachThread().hints.urgency = 900;
startGcHints();
const ownClasses = !(require('node:buffer').Buffer.alloc(1).buffer instanceof ArrayBuffer);
say('hinted', { ownClasses });
collectUntilEnd();
