/** Settlements whose population is unknown are mostly villages. */
const ASSUMED_POPULATION = 500;
const VILLAGE_REACH_KM = 5;

/**
 * Returns the radius of a settlement's built-up area in kilometres. Areas grow more slowly than populations, since large cities are
 * dense; the factor gives Munich (1.26 million) 9 km, Berlin 13 km, a town of 10,000 1.3 km, a village of 1,000 0.5 km.
 */
export const builtUpKm = (population: number): number => 0.0327 * (population || ASSUMED_POPULATION) ** 0.4;

/**
 * Returns how far from its centre a photo still counts as taken in a settlement, in kilometres: within its outskirts, or, as the data
 * has no hamlets, within the fields and woods of its municipality.
 */
export const reachKm = (population: number): number =>
  Math.max(VILLAGE_REACH_KM, 1.3 * builtUpKm(population));
