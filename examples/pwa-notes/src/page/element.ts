type Attributes = Readonly<Record<string, string | boolean | undefined>>;

/** Makes an element. `true` sets an attribute without a value; `false` and `undefined` leave it out. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false)
      made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

const SVG = 'http://www.w3.org/2000/svg';

/** Outlines on a grid of 24, drawn for this example. */
const ICONS = {
  back: 'M15 5l-7 7 7 7',
  plus: 'M12 5v14M5 12h14',
  clip: 'M19 11l-7.5 7.5a4.5 4.5 0 0 1-6.4-6.4L13 4.2a3 3 0 0 1 4.3 4.3l-7.8 7.7a1.5 1.5 0 0 1-2.1-2.1L14 7.5',
  share: 'M12 15V4M8 7.5l4-4 4 4M6 12v6.5a1.5 1.5 0 0 0 1.5 1.5h9a1.5 1.5 0 0 0 1.5-1.5V12',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.400L17 7M10.5 10.5v5.5M13.5 10.5v5.5',
  disk: 'M4 6.5c0-1.700 3.600-3 8-3s8 1.300 8 3-3.600 3-8 3-8-1.300-8-3zM4 6.5v11c0 1.700 3.600 3 8 3s8-1.300 8-3v-11M4 12c0 1.700 3.600 3 8 3s8-1.300 8-3',
  close: 'M6 6l12 12M18 6L6 18',
  down: 'M12 4v11M8 11.5l4 4 4-4M5 20h14',
  file: 'M7 3.5h7l4 4v13H7zM14 3.5v4h4',
} as const;

/** Draws an icon. It says nothing to a screen reader; what it stands for is said beside it. */
export function icon(name: keyof typeof ICONS): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(path);
  return svg;
}

/** What a button looks like and does. */
export interface ButtonOptions {
  readonly label: string;
  readonly icon?: keyof typeof ICONS;
  /** Shows the icon alone; the label is for screen readers and on hover. */
  readonly isIconOnly?: boolean;
  readonly class?: string;
  readonly onClick: () => void;
}

/** Makes a button. */
export function button(options: ButtonOptions): HTMLButtonElement {
  const { label, isIconOnly = false, onClick } = options;
  const made = element('button', {
    type: 'button',
    class: `button ${options.class ?? ''}`.trim(),
    'aria-label': isIconOnly ? label : undefined,
    title: isIconOnly ? label : undefined,
  });
  if (options.icon !== undefined) made.append(icon(options.icon));
  if (!isIconOnly) made.append(element('span', {}, label));
  made.addEventListener('click', onClick);
  return made;
}

/** Hands a file to the user. */
export function offerDownload(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = element('a', { href: url, download: name });
  link.click();
  // The download has its own hold on the content once it has begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
