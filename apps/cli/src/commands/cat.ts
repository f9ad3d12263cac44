import { type Command, defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { parsed } from '../options.ts';
import { parseRange } from '../values/range.ts';

export const cat: Command = defineCommand({
  name: 'cat',
  group: 'Look',
  summary: 'Write objects to the output',
  arguments: [{ name: 'place', description: 'objects to write, in this order', isVariadic: true }],
  options: {
    range: parsed('bytes', 'only this part: 0-99, 100- or -100 (the last 100)', parseRange),
  },
  examples: [
    ['granary cat notes/today.md', 'print an object'],
    ['granary cat --range -1000 s3://bucket/log.txt', 'print its last 1,000 bytes'],
  ],
  async run({ words, options, output, places, readPlace, signal }) {
    for (const word of words) {
      const { store, key } = await places.spot(await readPlace(word));
      const range = options.range === undefined ? {} : { range: options.range };
      await using object = await store.get(key, { signal, ...range });
      for await (const chunk of object.stream()) await output.bytes(chunk);
    }
    return EXIT.ok;
  },
});
