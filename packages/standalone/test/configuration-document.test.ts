import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { isKnownSetting, SETTING_NAMES } from '@lazyphotos/runtime';
import { ALL_SETTINGS, settingsDocument } from '../src/settings-document.js';

const DOCUMENT = new URL('../../../docs/configuration.md', import.meta.url);

test('docs/configuration.md is up to date', () => {
  if (readFileSync(DOCUMENT, 'utf8') !== settingsDocument()) {
    throw new Error('docs/configuration.md is stale: run `npm run generate:docs`');
  }
});

test('every setting has a name of its own, a sentence, and a row that says what its absence means', () => {
  const settings = ALL_SETTINGS;
  expect(new Set(settings.map(({ name }) => name)).size).toBe(settings.length);
  const rows = settingsDocument()
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows).toHaveLength(settings.length);
  for (const [index, setting] of settings.entries()) {
    expect(setting.name).toMatch(/^(LAZYPHOTOS|S3|MEDIA|CLAMAV|IMPORT)_[A-Z_]+$/);
    expect(setting.description.length).toBeGreaterThan(15);
    const cells = rows[index]?.split(' | ') ?? [];
    expect(cells).toHaveLength(3);
    expect(cells[0]).toBe(`| \`${setting.name}\``);
    expect(cells[2]?.length).toBeGreaterThan(3);
    if (setting.secret) expect(rows[index]).toContain(`${setting.name}_FILE`);
  }
});

test('the document is the same each time', () => {
  expect(settingsDocument()).toBe(settingsDocument());
});

test('the names that containers know are those of all settings, and of the files of secrets', () => {
  expect(SETTING_NAMES).toEqual(ALL_SETTINGS.map(({ name }) => name));
  for (const { name, secret = false } of ALL_SETTINGS) {
    expect({ name, known: isKnownSetting(name), asFile: isKnownSetting(`${name}_FILE`) }).toEqual({
      name,
      known: true,
      asFile: secret,
    });
  }
});
