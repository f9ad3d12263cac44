import type { Harness } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { createMemory } from '@granary/storage-memory';
import { withMock } from '../src/mock.ts';
import { withRetry } from '../src/retry.ts';
import { type ContentScanner, type ValidateOptions, withValidate } from '../src/validate.ts';
import { SECOND, TRIED_AGAIN } from './over-memory.ts';
import { plainMemory } from './plain-memory.ts';

const memory = () => createMemory.provider({ versioning: true });

function over(name: string, layer: NonNullable<Harness['layer']>, inner = memory): Harness {
  return { name, create: () => ({ provider: inner() }), layer };
}

/** Reads all that it is given and finds nothing. */
const patient: ContentScanner = {
  encodings: ['br', 'gzip'],
  async scan(content) {
    for await (const _chunk of content);
    return { verdict: 'clean' };
  },
};

const STRICT: ValidateOptions = {
  maxBytes: 2 ** 40,
  scanner: patient,
  rules: { 'uploads/*': { contentTypeByContent: true, contentTypes: ['image/*'] } },
};

const strict = over('validate over memory', (inner) => withValidate(inner, STRICT));
describeConformance(strict);
describeProperties(strict);
describeConformance(
  over('validate without rules over memory', (inner) => withValidate(inner, {})),
  SECOND,
);
const onRead = over('validate on read over memory', (inner) =>
  withValidate(inner, { ...STRICT, onRead: true }),
);
describeConformance(onRead, SECOND);
describeProperties(onRead);
describeConformance(
  over('validate with sizes alone over memory', (inner) =>
    withValidate(inner, { maxBytes: 2 ** 40 }),
  ),
  SECOND,
);
describeConformance(
  over('validate over a plain place', (inner) => withValidate(inner, STRICT), plainMemory),
  SECOND,
);
const stack = over('validate over retry over a mock', (inner) =>
  withValidate(withRetry(withMock(inner), { baseDelayMs: 1, attempts: 2 }), STRICT),
);
describeConformance(stack, TRIED_AGAIN);
describeProperties(stack, { runs: 20 });
