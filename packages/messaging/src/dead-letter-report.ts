import type { EventBus } from './port.js';

const MAX_PRINTED = 50;

export type DeadLetterAction = (bus: EventBus, queues: readonly string[], print: Print) => Promise<void>;
type Print = (line: string) => void;

/** Prints the length of each queue and its dead letters. */
const list: DeadLetterAction = async (bus, _queues, print) => {
  for (const { queue, pending, deadLetters } of await bus.depths()) {
    print(`${queue}: ${pending} waiting, ${deadLetters} dead`);
    if (deadLetters === 0) continue;
    for (const letter of await bus.deadLetters(queue, MAX_PRINTED)) {
      print(`  ${letter.failedAt.toISOString()}  ${letter.reason}`);
      print(`    ${JSON.stringify(letter.event)}`);
    }
  }
};

/** Puts all dead letters back into their queues. */
const replay: DeadLetterAction = async (bus, queues, print) => {
  for (const queue of queues) {
    const count = await bus.replayDeadLetters(queue);
    if (count > 0) print(`${queue}: ${count} replayed`);
  }
};

/** The actions on dead letters, by the name that the operator types. */
export const deadLetterActions = { list, replay } as const;

export const isDeadLetterAction = (word: string): word is keyof typeof deadLetterActions =>
  Object.hasOwn(deadLetterActions, word);
