import type { Request } from 'express';

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** The same messages in each language: a message that one of them lacks does not compile. */
export type Translations<Messages> = Readonly<Record<Language, Readonly<Messages>>>;

/** The best of our languages for `Accept-Language` (RFC 9110, section 12.5.4); English when none of them is accepted. */
export function languageOf(req: Request): Language {
  const accepted = req.acceptsLanguages([...languages]);
  return languages.find((language) => language === accepted) ?? 'en';
}
