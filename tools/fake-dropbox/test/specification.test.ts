import { expect, test } from 'vitest';
import { ROUTES } from '../src/fake-router.ts';
import { differences, readSpecification } from '../src/specification.ts';

/** Written for this test, in the language of the specification. */
const TEXT = `namespace files

struct BaseArg
    path String
        "Where."

    example default
        path = "/a"

struct DownArg extends BaseArg
    rev Rev(min_length=9)?
        "Which."
    limit UInt32(max_value=2000, min_value=1) = 10

route download (DownArg, Result, Error)
    "Text."

    attrs
        auth = "user"
        host = "content"
        scope = "files.content.read"
        style = "download"

route delete:2 (files.BaseArg, Result, Error) deprecated
    attrs
        auth = "app"
        scope = "other"
`;

test('reads routes and the fields of their arguments', () => {
  const { routes, fields } = readSpecification([TEXT]);
  expect([...routes.keys()]).toEqual(['files/download', 'files/delete_v2']);
  expect([...(fields.get('DownArg') ?? [])]).toEqual(['path', 'rev', 'limit']);
});

test('tells what is otherwise', () => {
  const { 'files/download': download, 'files/delete_v2': remove, 'files/upload': upload } = ROUTES;
  if (!download || !remove || !upload) throw new Error('a route is missing');
  const known = { 'files/download': download, 'files/delete_v2': remove, 'files/upload': upload };
  expect(differences(known, readSpecification([TEXT]))).toEqual([
    'new: files/download: the field limit',
    'files/delete_v2: it is deprecated',
    'files/delete_v2: the scope is other',
    'files/delete_v2: the auth is app',
    'files/delete_v2: the field parent_rev is not in the specification',
    'files/upload: it is not in the specification',
  ]);
  const wrong = { 'files/download': { ...download, host: 'api', style: 'rpc' } } as const;
  expect(differences(wrong, readSpecification([TEXT]))).toContain(
    'files/download: the host is content',
  );
});
