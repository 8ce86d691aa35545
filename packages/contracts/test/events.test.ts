import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type EventType, eventSchemas, MAX_ALBUM_CHANGES, parseEvent, topology } from '../src/index.js';
import { payloadExamples } from './examples.js';

const types = Object.keys(eventSchemas) as EventType[];
const eventOf = (type: EventType) => ({
  id: randomUUID(),
  type,
  occurredAt: '2026-05-01T12:00:00.000Z',
  requestId: 'request-1',
  payload: payloadExamples[type],
});

describe('an event', () => {
  test.each(types)('%s comes through JSON as it was, however often it is checked', (type) => {
    const event = eventOf(type);
    const once = parseEvent(JSON.parse(JSON.stringify(event)));
    expect(once).toEqual(event);
    expect(parseEvent(once)).toEqual(event);
  });

  test.each(types)('%s without one of its required fields is refused', (type) => {
    const payload = payloadExamples[type] as Record<string, unknown>;
    const required = Object.entries(eventSchemas[type].shape)
      .filter(([, schema]) => !schema.safeParse(undefined).success)
      .map(([name]) => name);
    expect(required.length).toBeGreaterThan(0);
    for (const name of required) {
      const { [name]: _left, ...rest } = payload;
      expect(() => parseEvent({ ...eventOf(type), payload: rest })).toThrow(name);
    }
  });

  test('may carry fields that this version does not know; they are dropped', () => {
    const event = eventOf('album.deleted');
    const newer = { ...event, more: 1, payload: { ...event.payload, reason: 'newer' } };
    expect(parseEvent(newer)).toEqual(event);
  });

  test.each(['added', 'removed', 'positions'])(
    'of an album has at most MAX_ALBUM_CHANGES photos in `%s`',
    (field) => {
      const withChanges = (count: number) => {
        const ids = Array.from({ length: count }, () => randomUUID());
        const changes = field === 'positions' ? Object.fromEntries(ids.map((id) => [id, 'a0'])) : ids;
        const event = eventOf('album.changed');
        return { ...event, payload: { ...event.payload, [field]: changes } };
      };
      const largest = withChanges(MAX_ALBUM_CHANGES);
      expect(parseEvent(largest)).toEqual(largest);
      expect(() => parseEvent(withChanges(MAX_ALBUM_CHANGES + 1))).toThrow(field);
    },
  );

  test('needs no request id', () => {
    const { requestId: _none, ...event } = eventOf('album.deleted');
    expect(parseEvent(event)).toEqual(event);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'album.deleted'],
    ['an unknown type', { ...eventOf('album.deleted'), type: 'album.exploded' }],
    ['an id that is none', { ...eventOf('album.deleted'), id: '7' }],
    ['a time that is none', { ...eventOf('album.deleted'), occurredAt: 'yesterday' }],
    [
      'the payload of another type',
      { ...eventOf('album.deleted'), payload: payloadExamples['photo.changed'] },
    ],
    ['no payload', { ...eventOf('album.deleted'), payload: undefined }],
  ])('that is %s is refused', (_title, value) => {
    expect(() => parseEvent(value)).toThrow();
  });
});

describe('the topology', () => {
  const consumed = new Set<string>(Object.values(topology).flat());

  test.each(types)('%s has a consumer', (type) => {
    expect(consumed).toContain(type);
  });

  test('every queue wants events that exist, each once', () => {
    for (const [queue, wanted] of Object.entries<readonly EventType[]>(topology)) {
      expect(wanted.length).toBeGreaterThan(0);
      expect(new Set(wanted).size).toBe(wanted.length);
      for (const type of wanted) expect(types).toContain(type);
      expect(queue).toMatch(/^(auth|upload|catalog|feed|media-worker)\.[a-z]+$/);
    }
  });
});
