import { AsyncLocalStorage } from 'node:async_hooks';
import { type AnyEvent, type Place, placesInLanguage } from '@lazyphotos/contracts';
import { v7 } from 'uuid';
import type { Logger } from './logger.js';

/** A new UUID version 7 (RFC 9562): ordered by time, so that indexes stay compact. */
export const newId = (): string => v7();

interface RequestContext {
  requestId: string;
  language: string | undefined;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `fn` with this request id, for its logs, events and calls, and with the language (BCP 47) of its response. */
export const withRequestId = <T>(requestId: string, fn: () => T, language?: string): T =>
  storage.run({ requestId, language }, fn);
export const currentRequestId = (): string | undefined => storage.getStore()?.requestId;
/** The language that the client of the current request prefers; undefined if the request names none. */
export const currentLanguage = (): string | undefined => storage.getStore()?.language;

/** Returns a function that translates places into the current request's language. Make it once for each response. */
export function placesForRequest(): (place: Place) => Place {
  const language = currentLanguage();
  let translate: ((place: Place) => Place) | undefined;
  return (place) => {
    if (language === undefined) return place;
    translate ??= placesInLanguage(language);
    return translate(place);
  };
}

/**
 * Handles an event under the id of the request that caused it, so that it can be followed through the logs of every service. For the
 * `around` of a consumer.
 */
export const withEvent =
  (logger: Logger) =>
  (event: AnyEvent, handle: () => Promise<void>): Promise<void> =>
    withRequestId(event.requestId ?? event.id, async () => {
      await handle();
      logger.info('event handled', { type: event.type, eventId: event.id });
    });
