import type { EventBus } from './port.js';

const LISTED = 50;

export type DeadLetterAction = (bus: EventBus, queues: readonly string[], say: Say) => Promise<void>;
type Say = (line: string) => void;

/** Says, in lines for a person, how full each queue is and what the bus has given up. */
const list: DeadLetterAction = async (bus, _queues, say) => {
  for (const { queue, pending, deadLetters } of await bus.depths()) {
    say(`${queue}: ${pending} waiting, ${deadLetters} dead`);
    if (deadLetters === 0) continue;
    for (const letter of await bus.deadLetters(queue, LISTED)) {
      say(`  ${letter.failedAt.toISOString()}  ${letter.reason}`);
      say(`    ${JSON.stringify(letter.event)}`);
    }
  }
};

/** Hands everything out again that the bus has given up. */
const replay: DeadLetterAction = async (bus, queues, say) => {
  for (const queue of queues) {
    const count = await bus.replayDeadLetters(queue);
    if (count > 0) say(`${queue}: ${count} replayed`);
  }
};

/** What an operator may do about dead letters, by the word for it. */
export const deadLetterActions = { list, replay } as const;

export const isDeadLetterAction = (word: string): word is keyof typeof deadLetterActions =>
  Object.hasOwn(deadLetterActions, word);
