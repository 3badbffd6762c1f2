export { type AddonResult, loadAddon } from './load.js';
export * from './native.js';
