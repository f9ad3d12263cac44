import { FILE_SHAPE } from './file-shape.ts';
import type { FieldChoice, FieldsShape, NamedShape, Shape, StepShape } from './shape.ts';
import { SIZE_PATTERN } from './sizes.ts';

/** A part of a JSON schema. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** What `${…}` gives is not known to an editor. */
const VARIABLE = '\\$\\{';

/**
 * The JSON schema of `storage.yaml`, of draft 7, which editors know. It says what can be said
 * without looking elsewhere: that names are those of providers, and options those of a backend, is
 * found by `parseConfig` and `openStores`.
 */
export function configSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'https://raw.githubusercontent.com/granary-storage/granary/main/packages/storage-config/src/storage.schema.json',
    title: 'storage.yaml',
    ...schemaOf(FILE_SHAPE),
  };
}

function schemaOf(shape: Shape): JsonSchema {
  const about = shape.about === undefined ? {} : { description: shape.about };
  return { ...about, ...ruleOf(shape) };
}

function ruleOf(shape: Shape): JsonSchema {
  switch (shape.kind) {
    case 'text': {
      const { oneOf, isLiteral = false, examples } = shape;
      const text = isLiteral
        ? { type: ['string', 'number', 'boolean'], not: { type: 'string', pattern: VARIABLE } }
        : { type: ['string', 'number', 'boolean'] };
      if (oneOf !== undefined) return orVariable({ enum: oneOf });
      return { ...text, ...(examples !== undefined && { examples }) };
    }
    case 'number': {
      const { isWhole = false, least } = shape;
      const minimum = least === undefined ? {} : { minimum: least };
      return {
        anyOf: [
          { type: isWhole ? 'integer' : 'number', ...minimum },
          { type: 'string', pattern: VARIABLE },
        ],
      };
    }
    case 'flag':
      return orVariable({ type: 'boolean' });
    case 'size':
      return {
        anyOf: [
          { type: 'integer', minimum: 0 },
          { type: 'string', pattern: `${SIZE_PATTERN.source}|${VARIABLE}` },
        ],
      };
    case 'values':
      return { type: 'object' };
    case 'list': {
      const list = { type: 'array', items: schemaOf(shape.of) };
      return shape.takesOne === true ? { anyOf: [list, schemaOf(shape.of)] } : list;
    }
    case 'named':
      return named(shape);
    case 'fields':
      return fields(shape);
    case 'mixed':
      return { anyOf: [schemaOf(shape.value), schemaOf(shape.map)] };
    case 'step':
      return step(shape);
  }
}

function orVariable(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'string', pattern: VARIABLE }] };
}

function named({ of, names, reserved }: NamedShape): JsonSchema {
  return {
    type: 'object',
    propertyNames: {
      pattern: names.source,
      ...(reserved.length > 0 && { not: { enum: reserved } }),
    },
    additionalProperties: schemaOf(of),
  };
}

function fields(shape: FieldsShape): JsonSchema {
  const { required = [], choices = [], isNeverEmpty = false } = shape;
  const rules = choices.map(choiceRule);
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(shape.fields).map(([name, field]) => [name, schemaOf(field)]),
    ),
    additionalProperties: false,
    ...(required.length > 0 && { required }),
    ...(rules.length > 0 && { allOf: rules }),
    ...(isNeverEmpty && { minProperties: 1 }),
  };
}

function choiceRule({ names, isRequired }: FieldChoice): JsonSchema {
  const ones = names.map((name) => ({ required: [name] }));
  return isRequired ? { oneOf: ones } : { oneOf: [...ones, { not: { anyOf: ones } }] };
}

function step({ steps }: StepShape): JsonSchema {
  const entries = Object.entries(steps);
  const alone = entries.filter(([, { required = [], choices = [], isNeverEmpty }]) => {
    const needsSome = choices.some(({ isRequired }) => isRequired);
    return required.length === 0 && !needsSome && isNeverEmpty !== true;
  });
  return {
    anyOf: [
      { enum: alone.map(([name]) => name) },
      {
        type: 'object',
        properties: Object.fromEntries(entries.map(([name, options]) => [name, schemaOf(options)])),
        additionalProperties: false,
        minProperties: 1,
        maxProperties: 1,
      },
    ],
  };
}
