interface JsonSchema {
  [name: string]: unknown;
}

const INT32_MAX = 2 ** 31 - 1;

/** Turns `{ anyOf: [X, null] }` into X with two types: generators of some languages make a class for an `anyOf`. */
function joinNull(schema: JsonSchema): void {
  if (!Array.isArray(schema.anyOf) || schema.anyOf.length !== 2) return;
  const [value, none] = schema.anyOf as [JsonSchema, JsonSchema];
  if (none.type !== 'null' || typeof value.type !== 'string') return;
  delete schema.anyOf;
  Object.assign(schema, value, { ...schema }, { type: [value.type, 'null'] });
}

const isOf = (schema: JsonSchema, type: string): boolean =>
  schema.type === type || (Array.isArray(schema.type) && schema.type.includes(type));

/** Without a format, an integer has 32 bits in Kotlin and Java, and a number is a decimal of any length. */
function sizeNumbers(schema: JsonSchema): void {
  if (isOf(schema, 'number')) schema.format ??= 'double';
  if (!isOf(schema, 'integer')) return;
  if (typeof schema.exclusiveMinimum === 'number') {
    schema.minimum = schema.exclusiveMinimum + 1;
    delete schema.exclusiveMinimum;
  }
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  const { maximum } = schema;
  schema.format ??= typeof maximum === 'number' && maximum <= INT32_MAX ? 'int32' : 'int64';
}

/** Responses may get new fields, so the document must not exclude them. Maps keep the type of their values. */
function keepOpen(schema: JsonSchema): void {
  const { additionalProperties } = schema;
  const isMap =
    typeof additionalProperties === 'object' && Object.keys(additionalProperties ?? {}).length > 0;
  if (!isMap) delete schema.additionalProperties;
}

/**
 * Renders a JSON Schema in the form that generators of clients support best, without changing its meaning. Those of Kotlin, Swift,
 * Dart and Java still expect OpenAPI 3.0 in many places.
 */
export function renderForClients({ jsonSchema, io }: { jsonSchema: object; io: 'input' | 'output' }): void {
  const schema = jsonSchema as JsonSchema;
  if (io === 'output') keepOpen(schema);
  // `format` has the same meaning; the regular expression would make the page hard to read.
  if (schema.format === 'uuid' || schema.format === 'date-time') delete schema.pattern;
  if (schema.const !== undefined) {
    schema.enum = [schema.const];
    delete schema.const;
  }
  // The names of a JSON object are always text.
  delete schema.propertyNames;
  // The parts of a union have the type already.
  if (schema.discriminator) delete schema.type;
  joinNull(schema);
  sizeNumbers(schema);
}
