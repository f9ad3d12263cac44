import { parseArgs } from 'node:util';
import { ROOT } from '@granary-tools/workspace';
import { checkPackages } from './check.ts';

// check-packages [--changed [branch]] [folder …]
const { values, positionals } = parseArgs({
  options: { changed: { type: 'boolean' }, since: { type: 'string', default: 'main' } },
  allowPositionals: true,
});
const findings = await checkPackages({
  root: ROOT,
  ...(positionals.length > 0 ? { folders: positionals } : {}),
  ...(values.changed ? { changedSince: values.since } : {}),
});
for (const { place, message, rule } of findings) console.log(`${place}: ${message} (${rule})`);
console.log(`Rules of the packages: ${findings.length} broken.`);
process.exitCode = findings.length === 0 ? 0 : 1;
