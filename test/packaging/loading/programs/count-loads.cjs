// Counts what is loaded from now on.

const Module = require('node:module');

const modules = [];
const load = Module._load;
Module._load = function (request, ...others) {
  modules.push(request);
  return load.call(this, request, ...others);
};
let dlopens = 0;
const { dlopen } = process;
process.dlopen = (...args) => {
  dlopens++;
  return dlopen.apply(process, args);
};
globalThis.loads = () => ({ modules, dlopens });
