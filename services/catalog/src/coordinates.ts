/** Far less than the size of an atom on the ground. */
const NEAREST_TO_ZERO = 1e-12;

/**
 * A latitude or longitude as it is stored. The index on places multiplies differences of coordinates, and PostgreSQL raises an error
 * where the product is too small for a float8. A negative zero becomes an ordinary one: JSON and the database do not agree on it.
 */
export const storableDegrees = (degrees: number): number =>
  Math.abs(degrees) < NEAREST_TO_ZERO ? 0 : degrees;
