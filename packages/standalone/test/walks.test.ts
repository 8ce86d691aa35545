import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repository } from '@lazyphotos/testkit';

interface Walk {
  title: string;
  limit: number;
  steps: { file: string; names: string[] }[];
}

/** The walks of docs/architecture.md: headings with "at most N files", then steps like "1. `file`: `name`, `name`: what happens". */
function readWalks(): Walk[] {
  const text = readFileSync(join(repository, 'docs/architecture.md'), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith('Three walks')) ?? '';
  return section
    .split(/^### /m)
    .slice(1)
    .map((part) => ({
      title: part.slice(0, part.indexOf('\n')),
      limit: Number(/at most (\d+) files/.exec(part)?.[1]),
      steps: [...part.matchAll(/^\d+\. `([^`]+)`: ((?:`[^`]+`(?:, )?)+)/gm)].map(
        ([, file = '', names = '']) => ({
          file,
          names: [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
        }),
      ),
    }));
}

/** Whether a source file exports the name, or, for `Type.member`, exports the type and has the member. */
function exportsName(source: string, name: string): boolean {
  const [outer = '', member] = name.split('.');
  const declared = new RegExp(
    `^export (?:async |abstract )*(?:function\\*?|class|const|interface|type) ${outer}\\b`,
    'm',
  );
  const listed = new RegExp(`^export \\{[^}]*\\b${outer}\\b`, 'm');
  if (!declared.test(source) && !listed.test(source)) return false;
  return member === undefined || new RegExp(`\\b${member}\\b\\s*[(<:=]`).test(source);
}

const walks = readWalks();

test('three walks are described', () => {
  expect(walks).toHaveLength(3);
});

describe.each(walks)('$title', ({ limit, steps }) => {
  test('has steps, and no more files than it may have', () => {
    expect(steps.length).toBeGreaterThan(2);
    expect(new Set(steps.map(({ file }) => file)).size).toBeLessThanOrEqual(limit);
  });

  test.each(steps)('$file', ({ file, names }) => {
    const path = join(repository, file);
    expect(existsSync(path)).toBe(true);
    const source = readFileSync(path, 'utf8');
    expect(names.filter((name) => !exportsName(source, name))).toEqual([]);
  });
});
