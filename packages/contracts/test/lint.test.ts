import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { lint, lintFromString, loadConfig } from '@redocly/openapi-core';
import { parse, stringify } from 'yaml';
import { openApiYaml } from '../src/openapi/yaml.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const DOCUMENT = path('../../../docs/openapi-mvp.yaml');
const config = await loadConfig({ configPath: path('../redocly.yaml') });

const shown = ({ ruleId, message, location }: Awaited<ReturnType<typeof lint>>[number]) =>
  `${ruleId}: ${message} ${location.map(({ pointer }) => pointer).join(' ')}`;

/** A rule, and a change of the document that breaks it. */
const DAMAGES: [rule: string, damage: (document: ReturnType<typeof parse>) => unknown][] = [
  ['operation-operationId', (document) => delete document.paths['/photos'].get.operationId],
  [
    'no-unused-components',
    (document) => Object.assign(document.components.schemas, { Lonely: { type: 'string' } }),
  ],
  ['response-contains-header', (document) => delete document.paths['/photos'].get.responses['429'].headers],
  ['security-defined', (document) => delete document.components.securitySchemes.bearer],
  [
    'no-invalid-media-type-examples',
    (document) =>
      Object.assign(document.paths['/feed'].get.responses['200'].content['application/json'], {
        example: { items: 1 },
      }),
  ],
];

describe('the OpenAPI linter', () => {
  let problems: Awaited<ReturnType<typeof lint>>;
  let rulesOfDamaged: string[];

  beforeAll(async () => {
    problems = await lint({ ref: DOCUMENT, config });
    const document = parse(openApiYaml());
    for (const [, damage] of DAMAGES) damage(document);
    const found = await lintFromString({ source: stringify(document), config });
    rulesOfDamaged = found.map(({ ruleId }) => ruleId);
  });

  test('finds nothing in docs/openapi-mvp.yaml', () => {
    expect(problems.filter(({ ignored }) => !ignored).map(shown)).toEqual([]);
  });

  test('has no exception that is not needed', () => {
    const listed = Object.values(config.ignore).flatMap((rules) =>
      Object.entries(rules).flatMap(([rule, pointers]) =>
        [...pointers].map((pointer) => `${rule} ${pointer}`),
      ),
    );
    const used = problems
      .filter(({ ignored }) => ignored)
      .map(({ ruleId, location }) => `${ruleId} ${location[0]?.pointer}`);
    expect(used.sort()).toEqual(listed.sort());
  });

  test.each(DAMAGES)('knows the rule %s', (rule) => {
    expect(rulesOfDamaged).toContain(rule);
  });
});
