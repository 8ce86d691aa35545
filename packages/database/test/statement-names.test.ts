import { describe, expect, it } from '@jest/globals';
import { StatementNames } from '../src/index.js';

describe('names of statements', () => {
  it('are the same for the same text, and differ for others', () => {
    const names = new StatementNames();
    expect(names.nameOf('SELECT 1')).toBe(names.nameOf('SELECT 1'));
    expect(names.nameOf('SELECT 2')).not.toBe(names.nameOf('SELECT 1'));
  });

  it('are few: later texts get none, and the first ones keep theirs', () => {
    const names = new StatementNames();
    const texts = Array.from({ length: 100 }, (_, index) => `SELECT ${index}`);
    const given = texts.map((text) => names.nameOf(text));
    expect(new Set(given.slice(0, 16)).size).toBe(16);
    expect(given.slice(16).every((name) => name === undefined)).toBe(true);
    expect(texts.map((text) => names.nameOf(text))).toEqual(given);
  });
});
