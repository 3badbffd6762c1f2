// Runs an app in its own context, and all that it requires besides Node.js's own modules.

const { readFileSync } = require('node:fs');
const { createRequire, isBuiltin } = require('node:module');
const { dirname } = require('node:path');
const vm = require('node:vm');

const parsingContext = vm.createContext({
  process,
  Buffer,
  console,
  PerformanceObserver,
  performance,
  setImmediate,
  setTimeout,
});
const loaded = new Map();

function load(filename) {
  let module = loaded.get(filename);
  if (module !== undefined) return module.exports;
  module = { exports: {} };
  loaded.set(filename, module);
  const resolve = createRequire(filename);
  const requireIn = Object.assign(
    (name) => (isBuiltin(name) ? require(name) : load(resolve.resolve(name))),
    { resolve: resolve.resolve },
  );
  const parameters = ['exports', 'require', 'module', '__filename', '__dirname'];
  const code = readFileSync(filename, 'utf8');
  const run = vm.compileFunction(code, parameters, { filename, parsingContext });
  run(module.exports, requireIn, module, filename, dirname(filename));
  return module.exports;
}

load(require.resolve('./in-context.cjs'));
