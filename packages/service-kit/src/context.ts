import { AsyncLocalStorage } from 'node:async_hooks';
import { randomFillSync } from 'node:crypto';
import { type AnyEvent, type Place, placesInLanguage } from '@lazyphotos/contracts';
import { v7 } from 'uuid';
import type { Logger } from './logger.js';

/** A new UUID version 7 (RFC 9562): ordered by time, so that indexes stay compact. */
export const newId = (): string => v7();

const ID_BYTES = 16;
/** Random bytes for so many ids are taken from the system at a time. */
const POOLED_IDS = 256;

/** Returns a function that makes the ids of requests. Unlike those of `newId`, ids of one millisecond are in no order. */
export function createRequestIds(): () => string {
  const pool = new Uint8Array(POOLED_IDS * ID_BYTES);
  let at = pool.length;
  const rng = () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    at += ID_BYTES;
    return pool.subarray(at - ID_BYTES, at);
  };
  return () => v7({ rng });
}

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
