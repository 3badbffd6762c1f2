// Played: Node.js that says it is Bun, which has V8's symbols and never calls back.
Object.defineProperty(process.versions, 'bun', { value: '0.0.0-played' });
