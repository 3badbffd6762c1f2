import { register } from 'prom-client';
import { collectPromMetrics } from 'schedhint/prom-client';
import { checkPromClient } from './check-prom-client.cjs';

await checkPromClient(register, collectPromMetrics);
