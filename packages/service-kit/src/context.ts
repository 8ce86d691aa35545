import { AsyncLocalStorage } from 'node:async_hooks';
import { type Place, placesInLanguage } from '@lazyphotos/contracts';

interface RequestContext {
  requestId: string;
  language: string | undefined;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `fn` with this request id, which its logs, events and calls carry, and with the language (BCP 47) of its response. */
export const withRequestId = <T>(requestId: string, fn: () => T, language?: string): T =>
  storage.run({ requestId, language }, fn);
export const currentRequestId = (): string | undefined => storage.getStore()?.requestId;
/** The language that the client of the current request prefers; undefined if the request names none. */
export const currentLanguage = (): string | undefined => storage.getStore()?.language;

/** Returns a function that gives places the names of the current request's language. Make it once for each response. */
export function placesForRequest(): (place: Place) => Place {
  const language = currentLanguage();
  let translate: ((place: Place) => Place) | undefined;
  return (place) => {
    if (language === undefined) return place;
    translate ??= placesInLanguage(language);
    return translate(place);
  };
}
