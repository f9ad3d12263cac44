import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readOptions } from './read-options.ts';
import { hideSecrets, isSecretName, redact } from './redact.ts';
import { formatStorageUrl, parseStorageUrl } from './storage-url.ts';

describe('parseStorageUrl', () => {
  test.each([
    ['memory:', { scheme: 'memory', host: '', path: '', query: {} }],
    ['file:./data', { scheme: 'file', host: '', path: './data', query: {} }],
    ['file:data/x', { scheme: 'file', host: '', path: 'data/x', query: {} }],
    ['file:///srv/my%20data', { scheme: 'file', host: '', path: '/srv/my data', query: {} }],
    ['file:///C:/data', { scheme: 'file', host: '', path: '/C:/data', query: {} }],
    [
      'S3://bucket/a/b?region=eu-west-1',
      { scheme: 's3', host: 'bucket', path: '/a/b', query: { region: 'eu-west-1' } },
    ],
    ['http://[::1]:9000/x', { scheme: 'http', host: '[::1]:9000', path: '/x', query: {} }],
    [
      's3://b?a=1&b=%26&c&d=x=y&',
      { scheme: 's3', host: 'b', path: '', query: { a: '1', b: '&', c: '', d: 'x=y' } },
    ],
    ['s3://b?key=a+b/c', { scheme: 's3', host: 'b', path: '', query: { key: 'a+b/c' } }],
    ['s3://b?__proto__=x', { scheme: 's3', host: 'b', path: '', query: { ['__proto__']: 'x' } }],
    [
      'cloud://me:p%40ss:w@host/x',
      { scheme: 'cloud', host: 'host', path: '/x', username: 'me', password: 'p@ss:w', query: {} },
    ],
    ['cloud://me@host', { scheme: 'cloud', host: 'host', path: '', username: 'me', query: {} }],
    ['cloud://:pw@host', { scheme: 'cloud', host: 'host', path: '', password: 'pw', query: {} }],
  ])('takes %s apart', (text, parts) => {
    expect({ ...parseStorageUrl(text) }).toEqual(parts);
  });

  test.each([
    ['', 'starts with a scheme'],
    ['bucket/path', 'starts with a scheme'],
    ['C:\\data', 'file:///C:/folder'],
    ['c:/data', 'file:///C:/folder'],
    ['file:a#b', 'is written %23'],
    ['file:100%', 'write %25'],
    ['s3://b?x=%zz', 'write %25'],
    ['s3://b?a=1&a=2', 'there twice'],
  ])('refuses %j', (text, reason) => {
    expect(() => parseStorageUrl(text)).toThrow(reason);
    expect(() => parseStorageUrl(text)).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    );
  });

  test('shows no secret when it refuses', () => {
    expect(() => parseStorageUrl('s3://me:hunter2@b/%zz?secretKey=hunter2')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });

  test('gives a result that hides secrets wherever it is printed', () => {
    const url = parseStorageUrl('s3://me:hunter2@b/x?secretAccessKey=hunter3&region=r');
    expect(url.password).toBe('hunter2');
    for (const shown of [
      inspect(url),
      inspect({ deep: { url } }),
      JSON.stringify(url),
      inspect(url.query),
    ]) {
      expect(shown).not.toMatch(/hunter/);
    }
    expect(inspect(url)).toContain("region: 'r'");
  });
});

describe('formatStorageUrl', () => {
  test.each([
    'memory:',
    'file:./data',
    's3://bucket/a%20b?region=eu',
    'http://[::1]:9000/x',
    'file:/C:/x',
  ])('writes %s as it was', (text) => {
    expect(formatStorageUrl(parseStorageUrl(text))).toBe(text);
  });

  test('hides passwords and secret options', () => {
    const url = parseStorageUrl('s3://me:pw@b/x?api_key=pw&token=pw&a=1');
    expect(formatStorageUrl(url)).toBe('s3://me:***@b/x?api_key=***&token=***&a=1');
    expect(formatStorageUrl(parseStorageUrl('s3://:pw@b'))).toBe('s3://:***@b');
  });
});

describe('redact', () => {
  test.each([
    'password',
    'dbPassword',
    'passphrase',
    'secretAccessKey',
    'client_secret',
    'apiKey',
    'api-key',
    'serviceRoleKey',
    'token',
    'refreshToken',
    'authToken',
    'connectionString',
    'sas',
    'key',
    'credentials',
  ])('counts %s as a secret', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  test.each([
    'bucket',
    'region',
    'keyDerivation',
    'publicKey',
    'partitionKey',
    'monkey',
    'keys',
    'author',
    'baseDir',
  ])('shows %s', (name) => {
    expect(isSecretName(name)).toBe(false);
  });

  test('hides secrets at any depth and leaves the rest', () => {
    class Client {}
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const date = new Date(0);
    expect(
      redact({
        bucket: 'b',
        credentials: { a: 1 },
        list: [{ token: 'x' }, 'https://h/p?sig=1'],
        empty: { password: '', token: undefined },
        client: new Client(),
        date,
        circle,
        run: () => 1,
        no: null,
        n: 7,
      }),
    ).toEqual({
      bucket: 'b',
      credentials: '***',
      list: [{ token: '***' }, 'https://h/p?…'],
      empty: { password: '', token: undefined },
      client: '[Client]',
      date,
      circle: { self: '[circle]' },
      run: '[function]',
      no: null,
      n: 7,
    });
  });

  test('lets an object be read that is hidden in print', () => {
    const options = hideSecrets({ apiKey: 'x', bucket: 'b' });
    expect(options.apiKey).toBe('x');
    expect(inspect(options)).toBe("{ apiKey: '***', bucket: 'b' }");
    expect(Object.keys(options)).toEqual(['apiKey', 'bucket']);
  });
});

describe('readOptions', () => {
  const fields = {
    bucket: { type: 'string', required: true, from: 'host' },
    prefix: { type: 'string', from: 'path' },
    secretKey: { type: 'string', names: ['secret_key'], from: 'password' },
    accessKey: { type: 'string', from: 'username' },
    port: { type: 'number' },
    pathStyle: { type: 'boolean', names: ['path_style', 'force_path_style'] },
    scopes: { type: 'strings' },
    encryption: { type: 'object' },
    durability: { type: 'string', oneOf: ['none', 'full'] },
  } as const;

  test('reads a URL', () => {
    const url = parseStorageUrl(
      's3://me:pw@b/x/y?port=80&path_style=1&scopes=a,%20b&durability=full',
    );
    const options = readOptions({ url }, fields);
    expect(options).toEqual({
      bucket: 'b',
      prefix: '/x/y',
      accessKey: 'me',
      secretKey: 'pw',
      port: 80,
      pathStyle: true,
      scopes: ['a', 'b'],
      durability: 'full',
    });
    const typed: { bucket: string; port?: number; durability?: 'none' | 'full' } = options;
    expect(typed.bucket).toBe('b');
  });

  test('reads a config object, text of environment variables included', () => {
    const config = {
      bucket: 'b',
      port: '9000',
      force_path_style: 'false',
      encryption: { algorithm: 'AES-256-GCM' },
      scopes: ['x'],
      prefix: null,
      secretKey: undefined,
      accessKey: 12,
    };
    expect(readOptions({ config }, fields)).toEqual({
      bucket: 'b',
      port: 9000,
      pathStyle: false,
      encryption: { algorithm: 'AES-256-GCM' },
      scopes: ['x'],
      accessKey: '12',
    });
  });

  test.each([
    [
      { bucket: 'b', buckt: 1 },
      'there is no option "buckt". Options are: bucket (required), prefix',
    ],
    [{ bucket: 'b', toString: 1 }, 'there is no option "toString"'],
    [{}, 'the option "bucket" is missing'],
    [{ bucket: 'b', secretKey: 'a', secret_key: 'b' }, '"secretKey" is given twice'],
    [{ bucket: {} }, '"bucket" is not a text'],
    [{ bucket: 'b', port: 'eighty' }, '"port" is not a number'],
    [{ bucket: 'b', port: '' }, '"port" is not a number'],
    [{ bucket: 'b', port: Number.NaN }, '"port" is not a number'],
    [{ bucket: 'b', pathStyle: 'maybe' }, '"pathStyle" is not true or false'],
    [{ bucket: 'b', scopes: [1] }, '"scopes" is not a list of texts'],
    [{ bucket: 'b', encryption: [] }, '"encryption" is not a map of options'],
    [{ bucket: 'b', durability: 'some' }, '"durability" is one of: none, full'],
  ])('refuses %o', (config, reason) => {
    expect(() => readOptions({ config }, fields)).toThrow(reason);
    expect(() => readOptions({ config }, fields)).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    );
  });

  test('refuses parts of a URL that mean nothing to the backend', () => {
    const url = parseStorageUrl('memory://host');
    expect(() => readOptions({ url }, {})).toThrow('a URL of "memory:" has no host');
  });
});
