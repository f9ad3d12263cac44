import { toTag, toTags } from '../notes/note.ts';
import { element, icon } from './element.ts';

/** A field of tags that can be typed and taken away. */
export interface TagField {
  readonly element: HTMLElement;
  /** What is there, with what is typed and not yet ended. */
  readonly value: readonly string[];
  set(tags: readonly string[]): void;
}

/** Makes a field of tags. `suggestions` are offered while typing. */
export function createTagField(
  onChange: () => void,
  suggestions: () => readonly string[],
): TagField {
  let tags: readonly string[] = [];
  const options = element('datalist', { id: 'known-tags' });
  const input = element('input', {
    class: 'tags-input',
    placeholder: 'Add a tag',
    'aria-label': 'Add a tag',
    list: 'known-tags',
    autocapitalize: 'none',
    enterkeyhint: 'done',
  });
  const chips = element('ul', { class: 'tags-chips', 'aria-label': 'Tags of this note' });
  const box = element('div', { class: 'tags' }, chips, input, options);

  function draw(): void {
    chips.replaceChildren(
      ...tags.map((tag) => {
        const remove = element('button', {
          type: 'button',
          class: 'tag-remove',
          'aria-label': `Remove the tag ${tag}`,
        });
        remove.append(icon('close'));
        remove.addEventListener('click', () => {
          change(tags.filter((one) => one !== tag));
          input.focus();
        });
        return element('li', { class: 'tag' }, element('span', {}, `#${tag}`), remove);
      }),
    );
  }

  function change(next: readonly string[]): void {
    tags = toTags(next);
    draw();
    onChange();
  }

  function takeTyped(): void {
    const typed = input.value.split(',');
    input.value = '';
    if (typed.some((tag) => toTag(tag) !== '')) change([...tags, ...typed]);
  }

  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' || event.key === ',') {
      event.preventDefault();
      takeTyped();
    } else if (event.key === 'Backspace' && input.value === '' && tags.length > 0) {
      change(tags.slice(0, -1));
    }
  });
  input.addEventListener('focus', () => {
    options.replaceChildren(...suggestions().map((value) => element('option', { value })));
  });
  // What is typed counts at once, so that closing the page does not lose it.
  input.addEventListener('input', onChange);
  input.addEventListener('change', takeTyped);

  return {
    element: box,
    get value() {
      return toTags([...tags, ...input.value.split(',')]);
    },
    set(next) {
      tags = next;
      input.value = '';
      draw();
    },
  };
}
