// Exports the API of @schedhint/native, an internal package: the addon with its types, and helpers that the other packages share.

export { builtinModule } from './builtin-module.js';
export { type CurrentThread, currentThread } from './current-thread.js';
export { isDisabled } from './disabled.js';
export { environmentVariable } from './environment-variable.js';
export { type AddonResult, loadAddon } from './load.js';
export * from './native.js';
export { listenToStatus } from './status-listeners.js';
export { throwUncaught } from './uncaught.js';
