import type { Note } from './note.ts';

const SUBJECTS = [
  'Bread with rye and honey',
  'Questions for the doctor',
  'Books to read in winter',
  'Plan for the garden',
  'Words I looked up',
  'Route along the river',
  'Ideas for the kitchen',
  'What the plumber said',
  'Minutes of the meeting',
  'Packing list for the hut',
  'Letters to answer',
  'Birthdays in the family',
  'Soup for many guests',
  'Bicycle repairs',
  'Films to see again',
  'Measurements of the windows',
] as const;

const SENTENCES = [
  'Ask again next week, before the shop closes.',
  'The old recipe takes longer, and it is worth the wait.',
  'Half of it can be done in the morning.',
  'Compare the two offers line by line.',
  'Bring warm socks; the evenings are cold there.',
  'The second chapter explains where the name comes from.',
  'Water the seedlings only from below.',
  'Keep the receipt with the warranty in the blue folder.',
  'Call before noon, the office is empty later.',
  'It rained all day, so we stayed inside and read.',
  'A pinch of salt brings out the sweetness.',
  'Leave ten minutes between the trains.',
  'The smaller one fits under the stairs.',
  'Write down the numbers on the back of the meter.',
] as const;

const TAGS = ['home', 'work', 'recipes', 'travel', 'reading', 'garden', 'ideas', 'todo'] as const;

const DAY_MS = 86_400_000;

/** Notes that read like somebody's, spread over three years before `now`. The same number gives the same notes. */
export function sampleNotes(count: number, now: Date): Note[] {
  const random = randomFrom(1);
  const pick = <Value>(values: readonly [Value, ...Value[]]): Value =>
    values[Math.floor(random() * values.length)] ?? values[0];
  return Array.from({ length: count }, (_, index) => {
    const changedAt = new Date(now.getTime() - Math.floor(random() * 1095 * DAY_MS) - 60_000);
    const sentences = Array.from({ length: 2 + Math.floor(random() * 6) }, () => pick(SENTENCES));
    const tags = Array.from({ length: Math.floor(random() * 3) }, () => pick(TAGS));
    return {
      id: `sample-${String(index + 1).padStart(5, '0')}`,
      title: `${pick(SUBJECTS)}, no. ${index + 1}`,
      text: sentences.join(random() < 0.3 ? '\n\n' : ' '),
      tags: [...new Set(tags)],
      createdAt: new Date(changedAt.getTime() - Math.floor(random() * 30 * DAY_MS)),
      changedAt,
    };
  });
}

/** Numbers from 0 up to 1 that look random: a linear congruential generator. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
