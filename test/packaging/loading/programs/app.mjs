import * as schedhint from 'schedhint';
import * as requests from 'schedhint/requests';
import { everyCall } from './every-call.mjs';

everyCall(schedhint, requests).then((told) => console.log(JSON.stringify(told)));
