// The scheduler takes over no pin that every user may write, or that another user owns, unless it is asked to.

import { fileURLToPath } from 'node:url';
import { describeForeignPins } from './foreign-pin.js';

// It looks at the pin before it loads anything, so a kernel without sched_ext will do.
const program = fileURLToPath(new URL('../../scheduler/build/scx_schedhint', import.meta.url));
describeForeignPins('scx_schedhint', program);
