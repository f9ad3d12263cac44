import type { ObjectTags, TagOperations } from '@granary/storage-core/provider';
import { begin, writeAll } from '../begun-upload.ts';
import { equal, failsWith, present } from '../check.ts';
import { isDeclared } from '../needs.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

const NEEDS = ['objectTags'] as const;
const TAGS: ObjectTags = { project: 'granary', 'cost center': '42 / a+b' };

function tagsOf({ provider }: ScenarioContext): TagOperations {
  return present(provider.objectTags, 'objectTags');
}

/** An object's own tags, with their names in order: a service need not keep one. */
async function read(context: ScenarioContext, key: string): Promise<readonly [string, string][]> {
  return Object.entries(await tagsOf(context).get(key, {})).sort();
}

export const objectTagScenarios: readonly Scenario[] = [
  {
    rule: 'TAG-1',
    title: 'keeps the tags of a put, and none of the object before',
    needs: NEEDS,
    async run(context) {
      await context.put('a', 'x', { objectTags: TAGS });
      equal(await read(context, 'a'), Object.entries(TAGS).sort(), 'tags after put');
      await context.put('a', 'y', { objectTags: { other: '' } });
      equal(await read(context, 'a'), [['other', '']], 'tags after another put');
      await context.put('a', 'z');
      equal(await read(context, 'a'), [], 'tags after a put without any');
    },
  },
  {
    rule: 'TAG-1',
    title: 'keeps the tags of an upload in parts',
    needs: ['objectTags', 'upload'],
    async run(context) {
      const upload = await begin(context.provider, 'a', { objectTags: TAGS });
      await writeAll(upload);
      await upload.session.complete();
      equal(await read(context, 'a'), Object.entries(TAGS).sort(), 'tags after complete');
    },
  },
  {
    rule: 'TAG-2',
    title: 'sets tags anew and leaves content and attributes alone',
    needs: NEEDS,
    async run(context) {
      const { put, text, provider, capabilities } = context;
      const attributes = isDeclared(capabilities, 'attributes') ? { metadata: { n: 1 } } : {};
      await put('a', 'content', { ...attributes, objectTags: { old: '1' } });
      await tagsOf(context).set('a', TAGS, {});
      equal(await read(context, 'a'), Object.entries(TAGS).sort(), 'tags');
      equal(await text('a'), 'content', 'the content');
      equal((await provider.stat('a', {})).metadata, attributes.metadata, 'metadata');
      await tagsOf(context).set('a', {}, {});
      equal(await read(context, 'a'), [], 'tags after none were set');
    },
  },
  {
    rule: 'TAG-2',
    title: 'tells a missing object',
    needs: NEEDS,
    async run(context) {
      await failsWith('not-found', tagsOf(context).get('missing', {}), 'tags of a missing object');
      await failsWith('not-found', tagsOf(context).set('missing', TAGS, {}), 'tagging it');
      await context.missing('missing');
    },
  },
  {
    rule: 'TAG-3',
    title: 'copies the tags with the object',
    needs: ['objectTags', 'copy'],
    async run(context) {
      await context.put('a', 'x', { objectTags: TAGS });
      await present(context.provider.copy, 'copy')('a', 'b', {});
      equal(await read(context, 'b'), Object.entries(TAGS).sort(), 'tags of the copy');
      await tagsOf(context).set('b', {}, {});
      equal(await read(context, 'a'), Object.entries(TAGS).sort(), 'tags of the source');
    },
  },
  {
    rule: 'TAG-4',
    title: 'refuses what are no tags',
    needs: NEEDS,
    async run(context) {
      await context.put('a', 'x', { objectTags: TAGS });
      for (const wrong of [{ '': 'x' }, { a: 1 }, { a: '\ud800' }, ['a'], null]) {
        const tags = wrong as unknown as ObjectTags;
        await failsWith('invalid-argument', tagsOf(context).set('a', tags, {}), 'wrong tags');
        await failsWith(
          'invalid-argument',
          context.put('a', 'y', { objectTags: tags }),
          'a put with wrong tags',
        );
      }
      equal(await context.text('a'), 'x', 'the content');
      equal(await read(context, 'a'), Object.entries(TAGS).sort(), 'tags');
    },
  },
];
