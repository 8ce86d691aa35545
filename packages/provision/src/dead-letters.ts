import { topology } from '@lazyphotos/contracts';
import { deadLetterActions, openBus } from '@lazyphotos/messaging';

export interface DeadLettersOptions {
  busUrl: string;
  action: keyof typeof deadLetterActions;
  /** Told each line for the operator. */
  say: (line: string) => void;
}

/** Lists what the services' bus has given up, or hands it out again. */
export async function handleDeadLetters({ busUrl, action, say }: DeadLettersOptions): Promise<void> {
  const bus = await openBus({ url: busUrl, topology, name: 'dead-letters' });
  try {
    await deadLetterActions[action](bus, Object.keys(topology), say);
  } finally {
    await bus.close();
  }
}
