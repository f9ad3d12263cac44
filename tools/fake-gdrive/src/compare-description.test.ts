import { expect, test } from 'vitest';
import { compareDescription, type DiscoveryDocument } from './compare-description.ts';
import { FILE_FIELDS, METHODS, REVISION_FIELDS, WRITABLE_FIELDS } from './description.ts';

/** A document that says what the fake knows. */
function published(): DiscoveryDocument {
  const methods = Object.entries(METHODS).map(([name, { http, path, query, scopes }]) => [
    name,
    {
      id: `drive.${name}`,
      httpMethod: http,
      path,
      parameters: {
        fileId: { location: 'path' },
        ...Object.fromEntries(query.map((parameter) => [parameter, { location: 'query' }])),
      },
      scopes: scopes.map((scope) => `https://www.googleapis.com/auth/${scope}`),
    },
  ]);
  const properties = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, {}]));
  return {
    resources: { all: { methods: Object.fromEntries(methods) } },
    schemas: {
      File: { properties: properties([...FILE_FIELDS, ...WRITABLE_FIELDS]) },
      Revision: { properties: properties(REVISION_FIELDS) },
    },
  };
}

test('finds nothing in a description that says the same', () => {
  expect(compareDescription(published())).toEqual([]);
});

test('names what is new, gone and moved', () => {
  const document = JSON.parse(JSON.stringify(published())) as {
    resources: { all: { methods: Record<string, Record<string, unknown>> } };
    schemas: { File: { properties: Record<string, unknown> } };
  };
  const { methods } = document.resources.all;
  delete methods['about.get'];
  Object.assign(methods['files.list'] ?? {}, {
    path: 'files/all',
    parameters: { q: { location: 'query' }, mood: { location: 'query' } },
    scopes: [],
  });
  delete document.schemas.File.properties['sha256Checksum'];
  const lines = compareDescription(document);
  expect(lines).toContain('about.get: is not there any more');
  expect(lines).toContain('files.list: is GET files/all');
  expect(lines).toContain('files.list: parameter mood is new');
  expect(lines).toContain('files.list: parameter corpora is not there any more');
  expect(lines).toContain('files.list: scope drive.file is not enough any more');
  expect(lines).toContain('File: has no field sha256Checksum any more');
  expect(compareDescription({}).length).toBeGreaterThan(20);
});
