// A worker of the pool: its tasks are its requests. While one runs, the worker's hint is the task's.

import { createHash } from 'node:crypto';
import { piscinaTasks } from 'schedhint/piscina';

/** The digest of a document. */
async function digest({ url }) {
  const document = await fetch(url);
  const hash = createHash('sha256');
  for await (const chunk of document.body) hash.update(chunk);
  return hash.digest('hex');
}

export default piscinaTasks(digest);
