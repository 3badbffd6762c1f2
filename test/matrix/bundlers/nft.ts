// @vercel/nft finds out which files an app needs; hosts of functions, and Next.js's webpack build, copy those.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runRow } from '../row.js';
import { APPS, Deployment } from './deployment.js';
import { Workshop } from './workshop.js';

const TRACE = `
import { writeFileSync } from 'node:fs';
import { nodeFileTrace } from '@vercel/nft';

const { fileList, warnings } = await nodeFileTrace([process.argv[2]]);
for (const { message } of warnings) console.error('warning:', message);
writeFileSync('traced.json', JSON.stringify([...fileList]));
`;

await runRow(async (reader) => {
  const workshop = Workshop.create(['@vercel/nft']);
  const deployed = new Deployment();
  try {
    workshop.write('trace.mjs', TRACE);
    let traced = 0;
    for (const name of APPS) {
      workshop.run(`node trace.mjs ${name}.mjs`);
      const files: string[] = JSON.parse(workshop.read('traced.json'));
      for (const file of files) deployed.add(join(workshop.path, file), join(name, file));
      traced += files.length;
      await deployed.isSeen(reader, name, [process.execPath, join(name, `${name}.mjs`)]);
      const native = join(deployed.path, name, 'node_modules/@schedhint/native');
      rmSync(join(native, 'prebuilds'), { recursive: true });
      await deployed.endsWithReason(name, [process.execPath, join(name, `${name}.mjs`)]);
    }
    return {
      versions: workshop.versions,
      found: `${traced} files traced for both apps, the addon among them; copied: urgency 900 and collections; addon deleted: exit code 0 and the reason`,
    };
  } finally {
    workshop.remove();
    deployed.remove();
  }
});
