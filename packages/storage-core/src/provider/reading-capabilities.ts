import type { Capabilities } from '../contract/capabilities.ts';

/** What reading needs. A capability that is not named here is not passed on. */
const READING = [
  'rangeReads',
  'readConditions',
  'attributes',
  'atomicAttributes',
  'etagCovers',
  'listFields',
  'listAttributes',
  'listOrder',
  'delimiter',
  'candidates',
  'getMany',
  'statMany',
  'presign',
  'presignOptions',
  'publicUrl',
  'versions',
  'objectTags',
  'watch',
  'changes',
  'usage',
  'health',
  'fileAndFolder',
  'caseSensitive',
  'durable',
  'maxKeyBytes',
] as const satisfies readonly (keyof Capabilities)[];

/** What is left of capabilities where nothing can be changed. */
export function readingCapabilities(below: Capabilities): Capabilities {
  return Object.fromEntries(
    READING.filter((name) => below[name] !== undefined).map((name) => [name, below[name]]),
  );
}
