// Starts workers one after the other, with and without schedhint, and prints how long each takes until it has done its part, in ms.
// argv: how many rounds.

const { once } = require('node:events');
const { Worker } = require('node:worker_threads');

const SAY = "require('node:worker_threads').parentPort.postMessage(0)";
const using = (name, use) => `import('${name}').then((module) => { ${use}; ${SAY}; })`;

/** What each worker runs, and with which preload. */
const kinds = {
  plain: { source: SAY, execArgv: [] },
  registerEmpty: { source: SAY, execArgv: ['--require', 'empty/register'] },
  register: { source: SAY, execArgv: ['--require', 'schedhint/register'] },
  requireEmpty: { source: `require('empty'); ${SAY}`, execArgv: [] },
  require: { source: `require('schedhint').attachThread(); ${SAY}`, execArgv: [] },
  importEmpty: { source: using('empty', ''), execArgv: [] },
  import: { source: using('schedhint', 'module.attachThread()'), execArgv: [] },
};

async function start({ source, execArgv }) {
  const before = performance.now();
  const worker = new Worker(source, { eval: true, execArgv });
  await once(worker, 'message');
  const took = performance.now() - before;
  await worker.terminate();
  return took;
}

async function main() {
  require('schedhint').attachThread(); // an app that uses it in workers has it in its main thread
  const times = Object.fromEntries(Object.keys(kinds).map((name) => [name, []]));
  for (let round = 0; round < Number(process.argv[2]); round++) {
    const names = Object.keys(kinds);
    // Each round in another order: what comes first in a round pays for the pause before it.
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      times[name].push(await start(kinds[name]));
    }
  }
  console.log(JSON.stringify(times));
}

main();
