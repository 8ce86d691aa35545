/** A lexeme as it stands in the text of a `tsvector` or `tsquery`, whatever it holds. */
export const lexemeText = (lexeme: string): string =>
  `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
