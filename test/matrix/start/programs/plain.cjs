// An app that knows nothing of schedhint.

const { collectUntilEnd, say } = require('./say.cjs');

say(process.env.SAY_AS ?? 'plain');
collectUntilEnd();
