// An application that knows nothing of schedhint, and its ways to end. Argument: which.

const { Worker, isMainThread, workerData } = require('node:worker_threads');

const endings = {
  nothing() {
    console.log('done');
  },
  exit() {
    console.log('exiting');
    process.exit(5);
  },
  exitCode() {
    process.exitCode = 6;
  },
  throw() {
    throw new Error('uncaught, on purpose');
  },
  reject() {
    Promise.reject(new RangeError('unhandled, on purpose'));
  },
  signal() {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => {}, 1e6);
  },
  worker() {
    const worker = new Worker(__filename, { workerData: 'throw' });
    worker.on('error', (error) => console.error('worker:', error.message));
    worker.on('exit', (code) => console.log('worker exited with', code));
  },
  /** process.exit() with a worker in the middle of its work. */
  exitWithWorker() {
    new Worker('setInterval(() => Array(1000).fill({}), 0)', { eval: true }).on('online', () => {
      process.exit(9);
    });
  },
};

endings[isMainThread ? process.argv[2] : workerData]();
