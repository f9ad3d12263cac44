import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '@granary-tools/workspace';
import { createBackend } from './create-backend.ts';
import { createLayer } from './create-layer.ts';
import { createOutside } from './create-outside.ts';
import { finish } from './finish.ts';

const USAGE = `Usage:
  pnpm create:backend <id>                      a backend in this repository
  pnpm create:layer <id>                        a layer in @granary/storage-layers
  pnpm create:backend <id> --outside <folder>   a backend in a package of its own
     [--core <range or file:…tgz>] [--kit <range or file:…tgz>]`;

try {
  const { values, positionals } = parseArgs({
    options: {
      outside: { type: 'string' },
      core: { type: 'string', default: '^0.1.0' },
      kit: { type: 'string', default: '^0.1.0' },
    },
    allowPositionals: true,
  });
  const [kind, id] = positionals;
  const { outside, core, kit } = values;
  if (id === undefined || (kind !== 'backend' && kind !== 'layer')) {
    console.error(USAGE);
    process.exitCode = 2;
  } else if (outside !== undefined) {
    const folder = resolve(process.env['INIT_CWD'] ?? '.', outside);
    await createOutside({ folder, id, core, kit });
    console.log(`Wrote ${folder}. Next: cd there, then npm install && npm test.`);
  } else {
    const folder = await (kind === 'backend' ? createBackend : createLayer)(ROOT, id);
    await finish({ root: ROOT, folder, say: (line) => console.log(line) });
    console.log(`Wrote ${folder}. Next: pnpm conformance ${id}, then make it yours file by file.`);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
