import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { configProblems, formatProblem, parseConfig } from './index.ts';

/** What is wrong with a file, one line for each problem. */
function problems(text: string): readonly string[] {
  try {
    parseConfig(text, { file: 'f' });
    return [];
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid-config' });
    return configProblems(error).map(formatProblem);
  }
}

const ARTIFACTS = `# storage.yaml
storage:
  default_provider: "supabase"
  
  providers:
    local:
      type: "local"
      config:
        base_path: "/var/boards/storage"
        public_url_base: "http://localhost:8000/storage"
        
    supabase:
      type: "supabase"  
      config:
        url: "\${SUPABASE_URL}"
        key: "\${SUPABASE_ANON_KEY}"
        bucket: "boards-artifacts"
        
    s3:
      type: "s3"
      config:
        bucket: "boards-prod-artifacts"
        region: "us-west-2"
        access_key_id: "\${AWS_ACCESS_KEY_ID}"
        secret_access_key: "\${AWS_SECRET_ACCESS_KEY}"
        
  routing_rules:
    # Large video files go to S3 for cost efficiency
    - condition: 
        artifact_type: "video"
        size_gt: "100MB"
      provider: "s3"
      
    # LoRA models use dedicated storage
    - condition:
        artifact_type: "model"
      provider: "supabase"
      
    # Default rule
    - provider: "supabase"
`;

describe('parseConfig', () => {
  test('reads the file of the artifact manager as it is', () => {
    expect(parseConfig(ARTIFACTS)).toEqual({
      file: 'storage.yaml',
      defaultProvider: 'supabase',
      providers: [
        { name: 'local', type: 'local', layers: [] },
        { name: 'supabase', type: 'supabase', layers: [] },
        { name: 's3', type: 's3', layers: [] },
      ],
      routingRules: [
        { provider: 's3', artifactType: 'video', sizeGt: 100_000_000 },
        { provider: 'supabase', artifactType: 'model' },
        { provider: 'supabase' },
      ],
    });
  });

  test('reads JSON, indented by tabs too', () => {
    const file = {
      $schema: './storage.schema.json',
      storage: { providers: { main: { type: 'memory', layers: ['compress', { encrypt: {} }] } } },
    };
    for (const space of [undefined, 2, '\t']) {
      expect(parseConfig(JSON.stringify(file, null, space)).providers).toEqual([
        { name: 'main', type: 'memory', layers: ['compress', 'encrypt'] },
      ]);
    }
  });

  test('takes the scheme of a URL for the type', () => {
    const { providers } = parseConfig(
      `storage: { providers: { one: { url: "S3://b" }, other: { url: "\${WHERE}" } } }`,
    );
    expect(providers.map(({ type }) => type)).toEqual(['s3', undefined]);
  });

  test('lets aliases stand for what they point at', () => {
    const { providers } = parseConfig(
      'storage:\n  providers:\n    one: &one { type: memory, layers: [compress] }\n    other: *one\n',
    );
    expect(providers[1]).toEqual({ name: 'other', type: 'memory', layers: ['compress'] });
  });

  test('knows sizes with units', () => {
    const sizes = ['7', '"7"', '1kB', '1 KiB', '1.5MB', '2GiB', '1 TB', '1PB', '3B'];
    const rules = sizes.map((size) => `{ condition: { size_gt: ${size} }, provider: m }`);
    const text = `storage: { providers: { m: { type: memory } }, routing_rules: [${rules.join()}] }`;
    const { routingRules } = parseConfig(
      text.replaceAll('m:', 'main:').replaceAll(': m }', ': main }'),
    );
    expect(routingRules.map(({ sizeGt }) => sizeGt)).toEqual([
      ...[7, 7, 1000, 1024, 1_500_000, 2 * 1024 ** 3, 1e12, 1e15, 3],
    ]);
  });

  test('tells every problem with its place, what is allowed and the nearest spelling', () => {
    const text = [
      'storage:',
      '  default_provider: mian',
      '  providers:',
      '    main: { typ: memory }',
      '    file: { type: memory }',
      '    x: { type: memory, url: "memory:" }',
      '    with space: []',
      '    other:',
      '      type: memory',
      '      config: 7',
      '      layers: [compres, compress, compress, 7, { quota: { maxBytes: much, max_objects: 1 } }]',
      '    last: { url: "memory:", config: {}, layers: [{ encrypt: { mode: requird, vault: a, key: b } }] }',
      '  routing_rules:',
      '    - provider: main',
      '    - condition: {}',
      '      provider: nobody',
      '    - provider: [a]',
    ].join('\n');
    expect(problems(text)).toEqual([
      'f:2:21 storage.default_provider: there is no provider "mian". Providers are: main, file, x, with space, other, last. Did you mean "main"?',
      'f:4:11 storage.providers.main: one of type, url is missing.',
      'f:4:13 storage.providers.main.typ: there is no key "typ". Keys are: type, config, url, layers. Did you mean "type"?',
      'f:5:5 storage.providers.file: "file" cannot be a name here: "file:" begins a URL. Choose another name.',
      'f:6:5 storage.providers.x: a name has two characters or more: letters, digits, "_", "-" and ".", a letter first.',
      'f:6:24 storage.providers.x.url: only one of type, url can be there.',
      'f:7:5 storage.providers["with space"]: a name has two characters or more: letters, digits, "_", "-" and ".", a letter first.',
      'f:7:17 storage.providers["with space"]: it is not a map. Keys are: type, config, url, layers.',
      'f:10:15 storage.providers.other.config: it is not a map of options.',
      `f:11:16 storage.providers.other.layers[0]: there is no "compres". Names are: ${LAYERS}. Did you mean "compress"?`,
      'f:11:35 storage.providers.other.layers[2]: the layer "compress" is there already.',
      `f:11:45 storage.providers.other.layers[3]: it is neither a name nor a map of one name. Names are: ${LAYERS}.`,
      'f:11:69 storage.providers.other.layers[4].quota.maxBytes: it is not a size. Write bytes, or 100MB, 64 KiB, 1.5 GB.',
      'f:11:75 storage.providers.other.layers[4].quota.max_objects: there is no key "max_objects". Keys are: maxBytes, maxObjects, limits, count, recountAfterMs. Did you mean "maxObjects"?',
      'f:12:29 storage.providers.last.config: only one of config, url can be there.',
      'f:12:69 storage.providers.last.layers[0].encrypt.mode: it is one of: required, per-save. Did you mean "required"?',
      'f:12:88 storage.providers.last.layers[0].encrypt.key: only one of passphrase, key, vault can be there.',
      'f:14:7 storage.routing_rules[0]: a rule without a condition is the last one: those behind it never hold.',
      'f:15:18 storage.routing_rules[1].condition: it is empty. Keys are: artifact_type, size_gt.',
      'f:16:17 storage.routing_rules[1].provider: there is no provider "nobody". Providers are: main, file, x, with space, other, last.',
      'f:17:17 storage.routing_rules[2].provider: it is not a text.',
    ]);
  });

  test.each([
    ['', 'f:1:1: the file is empty. It needs the key "storage".'],
    ['# nothing', 'f:1:1: the file is empty. It needs the key "storage".'],
    ['- a', 'f:1:1: it is not a map. Keys are: $schema, storage (required).'],
    ['{}', 'f:1:1: the key "storage" is missing.'],
    ['storage:', 'f:1:9 storage: it is empty. Leave it out, or give it a value.'],
    ['storage: {}', 'f:1:10 storage: the key "providers" is missing.'],
    ['storage: { providers: [] }', 'f:1:23 storage.providers: it is not a map.'],
    ['storage: *none', 'f:1:10 storage: the alias stands for nothing.'],
    [
      'storage: &a { providers: *a }',
      'f:1:26 storage.providers: the alias stands for what it is in.',
    ],
    ['a: "x', 'f:1:6: this is no YAML: a sign is missing: a quote, a bracket, a colon or a comma.'],
    [
      'a: b: c',
      'f:1:4: this is no YAML: a second name stands on the line; put a value with ": " in quotes.',
    ],
    ['a: 1\na: 2', 'f:2:1: this is no YAML: the name is there twice.'],
    ['a: !secret x', 'f:1:4: this is no YAML: there are no tags here.'],
    ['a: 1\n---\nb: 2', 'f:2:1: this is no YAML: a second document begins; a file has one.'],
    ['? { a: 1 }\n: 2', 'f:1:3: this is no YAML: a name is a text.'],
    ['\ta: 1', 'f:1:1: this is no YAML: lines are indented by spaces, not by tabs.'],
    [
      `a: { b: \${X} }`,
      `f:1:10: this is no YAML: what stands here is not expected. Between [ ] or { }, a value with \${…} stands in quotes.`,
    ],
  ])('refuses %j', (text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  test('refuses aliases that multiply', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level += 1) {
      const items = Array.from({ length: 10 }, () => `*a${level - 1}`);
      lines.push(`a${level}: &a${level} [${items.join(', ')}]`);
    }
    expect(problems(lines.join('\n'))).toEqual([
      expect.stringContaining('its aliases stand for too much.'),
    ]);
  });

  test.each([
    [`\${}`, `what follows "\${" is no variable.`],
    [`\${A`, `what follows "\${" is no variable.`],
    [`\${A-b}`, `what follows "\${" is no variable.`],
    [`\${1}`, `what follows "\${" is no variable.`],
    [`\${A:-\${B}}`, `what follows "\${" is no variable.`],
  ])('refuses the variable %s', (text, problem) => {
    const file = `storage: { providers: { main: { type: memory, config: { a: "${text}" } } } }`;
    expect(problems(file)).toEqual([
      `f:1:60 storage.providers.main.config.a: ${problem} Write \${NAME} or \${NAME:-default}, or $\${ for the signs themselves.`,
    ]);
  });

  test('refuses variables where names stand', () => {
    expect(problems(`storage: { providers: { main: { type: "\${T}" } } }`)).toEqual([
      'f:1:39 storage.providers.main.type: variables cannot stand here.',
    ]);
  });

  test('takes variables for a default provider, for numbers, flags and words', () => {
    const text = `
storage:
  default_provider: \${STORE:-main}
  providers:
    main:
      type: memory
      layers:
        - quota: { maxBytes: "\${MOST}", maxObjects: "\${COUNT}" }
        - encrypt: { mode: "\${MODE}" }
        - compress: { always: "\${ALWAYS}" }
`;
    expect(problems(text)).toEqual([]);
    expect(parseConfig(text).defaultProvider).toBe(`\${STORE:-main}`);
  });

  test('shows no value in what it refuses, and none when it is printed', () => {
    const text = `storage: { providers: { main: { type: s3, config: { secret: hunter2 }, layers: [{ encrypt: { key: hunter3 } }] } } }`;
    expect(inspect(parseConfig(text), { depth: 9 })).not.toContain('hunter');
    expect(JSON.stringify(parseConfig(text))).not.toContain('hunter');
    for (const broken of [`${text}x`, text.replace('key:', 'kye:'), `${text.slice(0, -3)}`]) {
      expect(problems(broken).join()).not.toContain('hunter');
      expect(problems(broken)).not.toEqual([]);
    }
  });

  test('gives no problems of other errors', () => {
    expect(configProblems(new Error('x'))).toEqual([]);
    expect(configProblems(undefined)).toEqual([]);
  });

  test('counts problems in the message when there are several', () => {
    expect(() => parseConfig('a: 1', { file: 'f' })).toThrow(
      [
        'f has 2 problems:',
        '  f:1:1 a: there is no key "a". Keys are: $schema, storage (required).',
        '  f:1:1: the key "storage" is missing.',
      ].join('\n'),
    );
  });
});

const LAYERS = 'compress, encrypt, integrity, validate, quota, expire, shred, retry';
