// Preloaded: the addon in TEST_ADDON takes the built one's place, in every thread.

const Module = require('node:module');

const resolve = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) =>
  request.endsWith('/build/Release/schedhint.node')
    ? process.env.TEST_ADDON
    : resolve(request, ...rest);
