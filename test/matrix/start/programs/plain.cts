// An app in TypeScript that knows nothing of schedhint.

const { collectUntilEnd, say } = require('./say.cjs');

say('plain' satisfies string);
collectUntilEnd();
