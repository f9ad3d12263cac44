import { differences } from './src/description.ts';

const SOURCE = 'https://graph.microsoft.com/v1.0/$metadata';

const response = await fetch(SOURCE);
if (!response.ok) throw new Error(`${SOURCE}: ${response.status}`);
const found = differences(await response.text());
for (const line of found) console.log(line);
console.log(
  found.length === 0 ? 'The fake is as the description says.' : `${found.length} differences.`,
);
process.exitCode = found.length === 0 ? 0 : 1;
