import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '@lazyphotos/testkit';

const LIST = 'All alerts';

/** The sections of docs/operations.md, by their headings: one for each fault, and the list of all alerts. */
const sections = new Map(
  readFileSync(join(repository, 'docs/operations.md'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split('\n', 1)[0] ?? '', section]),
);
export const listOfAlerts = sections.get(LIST) ?? '';

/** What the operator sees of each fault: rows of a table, or all from there up to what to do. */
export const seen = [...sections]
  .filter(([heading]) => heading !== LIST)
  .map(([heading, section]) => {
    const rows = (name: string) =>
      [...section.matchAll(new RegExp(`^\\| (?:${name}) \\|.*$`, 'gm'))].map(([row]) => row);
    const paragraphs =
      section.match(/\*\*(?:The|What the) operator sees.*?(?=\*\*(?:To|What to) do)/gs) ?? [];
    const text = [...rows('Log line|The operator sees'), ...paragraphs].join('\n');
    return { heading, text, all: [text, ...rows('Metric|Alert')].join('\n') };
  });

/** The texts in back-quotes. */
const quoted = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replace(/\s+/g, ' '));

export const alertsIn = (text: string): string[] =>
  quoted(text).filter((span) => /^([A-Z][a-z]+){2,}$/.test(span));

export const metricsIn = (text: string): string[] =>
  quoted(text).flatMap((span) => /^lazyphotos_\w+/.exec(span) ?? []);

/** Texts of several words that are no commands or requests. Variable parts are `…` or `<name>`. */
export const messagesIn = (text: string): string[] =>
  quoted(text).filter((span) => / /.test(span) && !/^(npm|GET) /.test(span));

const sources = globSync(['services/*/src/**/*.ts', 'packages/*/src/**/*.ts', 'scripts/lib/*.mjs'], {
  cwd: repository,
  exclude: (path) => path.endsWith('generated'),
})
  .map((file) => readFileSync(join(repository, file), 'utf8'))
  .join('\n');

/** Whether a source has the text as a literal. */
export function isInSources(message: string): boolean {
  const parts = message.split(/…|<\w+>/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`['"\`]${parts.join('.*')}['"\`]`).test(sources);
}
