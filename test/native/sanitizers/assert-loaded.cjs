// Preloaded: at the end of each process, the sanitized addon must be the only one that it has loaded,
// with its sanitizer. Adds a line to the file in LOADED_LOG: the process's id.

const { appendFileSync, readFileSync } = require('node:fs');
const { isMainThread } = require('node:worker_threads');

const { LOADED_LOG, SCHEDHINT_ADDON } = process.env;

if (isMainThread) {
  process.on('exit', () => {
    const maps = readFileSync('/proc/self/maps', 'utf8');
    const addons = [...new Set(maps.match(/\/\S*\/schedhint[^/\s]*\.node/g))];
    if (addons.join() === SCHEDHINT_ADDON && /\/libasan\.so/.test(maps)) {
      appendFileSync(LOADED_LOG, `${process.pid}\n`);
      return;
    }
    console.error(`loaded: ${addons.join()}, wanted: ${SCHEDHINT_ADDON}`);
    process.exitCode = 98;
  });
}
