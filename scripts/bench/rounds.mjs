// Rounds in which the things to compare take turns, and the figures that are made of them.

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** The median with the smallest and the largest value. */
export const spread = (values, digits = 2) =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;

export async function secondsOf(work) {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

export async function inParallel(items, atATime, work) {
  const queue = [...items];
  const take = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atATime }, take));
}

/**
 * In each round all peers work one after the other, another one first each time. Resolves to what each of them returned in
 * the rounds that count: `{ <name>: [<of round 1>, …] }`.
 * @param peers functions by name; each gets what `prepare` has resolved to
 */
export async function takeTurns(peers, { rounds, warmUps = 1, prepare = async () => {} }) {
  const names = Object.keys(peers);
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < warmUps + rounds; round += 1) {
    const given = await prepare(round);
    for (let at = 0; at < names.length; at += 1) {
      const name = names[(at + round) % names.length];
      const result = await peers[name](given);
      if (round >= warmUps) results[name].push(result);
    }
  }
  return results;
}

/** The ratios of the values of the same round. */
export const ratios = (values, others) => values.map((value, round) => value / others[round]);
