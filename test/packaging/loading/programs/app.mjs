// Calls the whole public API from an ES module and prints the results as JSON.

import * as core from '@schedhint/core';
import * as schedhint from 'schedhint';
import { everyCall } from './every-call.mjs';

everyCall({ ...schedhint, ...core }).then((told) => console.log(JSON.stringify(told)));
