import { compareDescription, type DiscoveryDocument } from './src/compare-description.ts';

/** Where Google publishes what the API is. */
const PUBLISHED = 'https://www.googleapis.com/discovery/v1/apis/drive/v3/rest';

const response = await fetch(PUBLISHED);
if (!response.ok) throw new Error(`${PUBLISHED} answered ${response.status}`);
const lines = compareDescription((await response.json()) as DiscoveryDocument);
process.stdout.write(
  lines.length === 0 ? 'The fake knows the API as it is published.\n' : `${lines.join('\n')}\n`,
);
process.exitCode = lines.length === 0 ? 0 : 1;
