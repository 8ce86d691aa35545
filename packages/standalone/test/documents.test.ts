import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { repository } from '@lazyphotos/testkit';

const ROOTS = ['packages', 'services', 'scripts', 'deploy', 'docs'];

function documents(): string[] {
  const below = (folder: string) => readdirSync(join(repository, folder)).map((name) => `${folder}/${name}`);
  const readmes = ['packages', 'services'].flatMap(below).map((folder) => `${folder}/README.md`);
  const guides = [...below('docs'), ...below('docs/decisions')].filter((file) => file.endsWith('.md'));
  return [
    'README.md',
    'CHANGELOG.md',
    'deploy/README.md',
    'deploy/k8s/README.md',
    ...guides,
    ...readmes,
  ].filter((file) => existsSync(join(repository, file)));
}

/** Paths in code spans that begin at a top folder; those with a placeholder or a pattern are left out. */
function pathsIn(text: string): string[] {
  const path = new RegExp(`^(?:${ROOTS.join('|')})/[\\w./-]+$`);
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span).filter((span) => path.test(span));
}

test.each(documents())('%s names files that are there', (document) => {
  const named = pathsIn(readFileSync(join(repository, document), 'utf8'));
  expect(named.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
});
