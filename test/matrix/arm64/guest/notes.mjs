// Notes for the row's result: boot.ts reads them from the directory that the machine outside sees.

import { appendFileSync } from 'node:fs';

const OUT = process.env.SCHEDHINT_VM_OUT;

/** What was seen. @param {string} text */
export const note = (text) => appendFileSync(`${OUT}/found`, `${text}\n`);

/** What it was seen with. @param {string} text */
export const noteVersions = (text) => appendFileSync(`${OUT}/versions`, `${text}\n`);
