import escapeHtml from 'escape-html';

/** Markup that is safe to send. Only `html` and `trusted` make it; everything else is text, and is escaped. */
export class Html {
  private readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
  toString(): string {
    return this.markup;
  }
}

/** A value in a template. `undefined`, `null` and `false` render as nothing, arrays as their parts. */
export type HtmlValue = Html | string | number | undefined | null | false | readonly HtmlValue[];

function render(value: HtmlValue): string {
  if (value === undefined || value === null || value === false) return '';
  if (value instanceof Html) return value.toString();
  if (typeof value === 'object') return value.map(render).join('');
  return escapeHtml(String(value));
}

/**
 * A template whose values are escaped, in text and in quoted attributes alike: html`<a href="${url}">${name}</a>`. Nested
 * templates stay markup. Attributes must be quoted. A URL must come from this code, since `javascript:` has no special characters.
 */
export function html(strings: TemplateStringsArray, ...values: HtmlValue[]): Html {
  return new Html(strings.reduce((markup, part, index) => markup + render(values[index - 1]) + part));
}

/** Text that is markup already: a style sheet or script of this package, never text that a user wrote. */
export const trusted = (markup: string): Html => new Html(markup);
