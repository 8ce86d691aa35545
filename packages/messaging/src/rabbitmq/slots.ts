/** Lets so many run at a time. What waits for one gets it in the order of asking. */
export function createSlots(count: number) {
  const waiting: (() => void)[] = [];
  let free = count;
  const give = () => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  return {
    run: async (work: () => Promise<void>): Promise<void> => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        await work();
      } finally {
        give();
      }
    },
  };
}
