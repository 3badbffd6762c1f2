import { measureStates } from './states.js';

console.log(JSON.stringify(await measureStates(), null, 1));
