// Calls the whole public API from a CommonJS module and prints the results as JSON.

const schedhint = { ...require('schedhint'), ...require('@schedhint/core') };

import('./every-call.mjs')
  .then(({ everyCall }) => everyCall(schedhint))
  .then((told) => console.log(JSON.stringify(told)));
