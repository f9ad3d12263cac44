import { expect, test } from 'vitest';
import { dropboxNames, googleNames, microsoftNames } from './vendor-names.ts';

test('addresses of Google come back with TLS, and parts of uploads are PUT', () => {
  expect(googleNames.rename('http://www.googleapis.com/upload?upload_id=1')).toBe(
    'https://www.googleapis.com/upload?upload_id=1',
  );
  expect(googleNames.methodOf('POST', '/upload/drive/v3/files?upload_id=1')).toBe('PUT');
  expect(googleNames.methodOf('POST', '/drive/v3/files')).toBe('POST');
  expect(googleNames.amend('/drive/v3/files', '{}')).toBe('{}');
});

test('content of Microsoft is at a host of its own', () => {
  const { rename, hosts } = microsoftNames;
  expect(rename('http://graph.microsoft.com/dl/1 http://graph.microsoft.com/v1.0/x')).toBe(
    'https://fake-my.sharepoint.com/dl/1 https://graph.microsoft.com/v1.0/x',
  );
  expect(Object.keys(hosts)).toEqual(['graph.microsoft.com', 'fake-my.sharepoint.com']);
});

test('a session of Microsoft says that it replaces, unless it says something else', () => {
  const { amend, methodOf } = microsoftNames;
  const path = '/v1.0/me/drive/root:/a:/createUploadSession';
  const replace = { '@microsoft.graph.conflictBehavior': 'replace' };
  expect(JSON.parse(amend(path, '{"item":{"name":"a"}}'))).toEqual({
    item: { name: 'a', ...replace },
  });
  expect(JSON.parse(amend(path, '{}'))).toEqual({ item: replace });
  const fail = '{"item":{"@microsoft.graph.conflictBehavior":"fail"}}';
  expect(amend(path, fail)).toBe(fail);
  expect(amend('/v1.0/me/drive', '{}')).toBe('{}');
  expect(methodOf('POST', path)).toBe('POST');
});

test('paths of Dropbox begin with one slash', () => {
  const { amend, rename } = dropboxNames;
  expect(amend('/2/files/list_folder', '{"path":"//many"}')).toBe('{"path":"/many"}');
  expect(rename('https://api.dropboxapi.com')).toBe('https://api.dropboxapi.com');
});
