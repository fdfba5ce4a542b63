/**
 * Elements of the page. All text, also that of peers, becomes text nodes and never markup, with
 * whatever is not plainly visible replaced.
 *
 * @module
 */

import { printableText } from '../../errors.ts';

/** What an element can hold. */
export type Child = Node | string | number | null | undefined | false | readonly Child[];

type Attributes = Readonly<
  Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>
>;

/** An element. `onclick` and its like are listeners; `true` is an attribute without a value. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

function append(element: HTMLElement, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (child instanceof Node) element.append(child);
    else if (typeof child === 'object') append(element, child);
    else element.append(printableText(String(child)));
  }
}

/** Puts `children` in place of what an element holds. */
export function fill(element: HTMLElement, ...children: readonly Child[]): void {
  element.replaceChildren();
  append(element, children);
}

/** A part of a page with a heading. */
export function section(title: string, ...children: readonly Child[]): HTMLElement {
  return h('section', {}, h('h2', {}, title), ...children);
}

/** A table that scrolls by itself where it is too wide, also by keyboard. */
export function dataTable(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly Child[])[],
  empty = 'Nothing yet.',
): HTMLElement {
  if (rows.length === 0) return h('p', { class: 'quiet' }, empty);
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      {},
      h('caption', {}, caption),
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
      h('tbody', {}, ...rows.map((row) => h('tr', {}, ...row.map((cell) => h('td', {}, cell))))),
    ),
  );
}

/** Figures side by side. */
export function tiles(figures: readonly (readonly [string, Child, Child?])[]): HTMLElement {
  return h(
    'dl',
    { class: 'tiles' },
    ...figures.map(([label, value, remark]) =>
      h(
        'div',
        { class: 'tile' },
        h('dt', {}, label),
        h('dd', {}, value, remark ? h('small', {}, remark) : null),
      ),
    ),
  );
}

/** What went wrong, as the command line says it, told to screen readers at once. */
export function problemBox(message: string, problems: readonly string[] = []): HTMLElement {
  return h(
    'div',
    { class: 'problem', role: 'alert' },
    h('p', {}, message),
    problems.length > 0 && h('ul', {}, ...problems.map((problem) => h('li', {}, problem))),
  );
}

/** A word with a colour; the word alone says it too. */
export function badge(
  text: string,
  kind: 'good' | 'bad' | 'busy' | 'plain' = 'plain',
): HTMLElement {
  return h('span', { class: `badge ${kind}` }, text);
}

/** A labelled field of a form. */
export function field(label: string, control: HTMLElement, hint?: string): HTMLElement {
  return h(
    'label',
    { class: 'field' },
    h('span', {}, label),
    control,
    hint && h('small', {}, hint),
  );
}
