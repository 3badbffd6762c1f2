// An application that knows nothing of schedhint: a main thread and four workers, each started in
// another way, all of which collect garbage. Each prints a line of JSON about itself, and goes on
// until stdin ends.

const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');

function work(kind) {
  const { readlinkSync } = require('node:fs'); // its source runs in a worker as well
  const loaded = Object.keys(require('node:module')._cache);
  const about = {
    kind,
    tid: Number(readlinkSync('/proc/thread-self').split('/').at(-1)),
    registered: loaded.some((file) => file.endsWith('/schedhint/dist/register.cjs')),
  };
  let survivors = [];
  const fill = () => {
    for (let i = 0; i < 20_000; i++) survivors.push({ i, list: [i] });
    if (survivors.length > 100_000) survivors = [];
  };
  for (let i = 0; i < 50; i++) fill();
  return about;
}

if (isMainThread) {
  const source = `(${work})`;
  const starts = {
    file: [__filename, {}],
    eval: [
      `require('node:worker_threads').parentPort.postMessage(${source}('eval'));
            require('node:worker_threads').parentPort.on('message', () => process.exit())`,
      { eval: true },
    ],
    execArgv: [__filename, { execArgv: ['--no-warnings'] }],
    'env: {}': [__filename, { env: {} }],
  };
  const workers = Object.entries(starts).map(
    ([kind, [file, options]]) => new Worker(file, { ...options, workerData: kind }),
  );
  for (const worker of workers) worker.on('message', (about) => console.log(JSON.stringify(about)));
  console.log(JSON.stringify(work('main')));
  process.stdin.on('end', () => {
    for (const worker of workers) worker.postMessage('end');
  });
  process.stdin.resume();
} else {
  parentPort.postMessage(work(workerData));
  parentPort.once('message', () => {});
}
