import { ROUTES } from './src/fake-router.ts';
import { differences, readSpecification } from './src/specification.ts';

const SOURCE = 'https://raw.githubusercontent.com/dropbox/dropbox-api-spec/main/';
const FILES = ['files', 'users', 'check', 'auth', 'async'];

const texts = await Promise.all(
  FILES.map(async (name) => {
    const response = await fetch(`${SOURCE}${name}.stone`);
    if (!response.ok) throw new Error(`${name}.stone: ${response.status}`);
    return response.text();
  }),
);
const found = differences(ROUTES, readSpecification(texts));
for (const line of found) console.log(line);
console.log(
  found.length === 0 ? 'The fake is as the specification says.' : `${found.length} differences.`,
);
process.exitCode = found.some((line) => !line.startsWith('new:')) ? 1 : 0;
