/**
 * The names of each month in English, German, French, Spanish, Italian, Portuguese and Dutch, and the short ones that are no
 * other word in one of them.
 */
const MONTHS = [
  'january jan januar jänner janvier enero ene gennaio janeiro januari',
  'february feb februar février fevrier febrero febbraio fevereiro fev februari',
  'march mar märz maerz mrz mars marzo março maart mrt',
  'april apr avril avr abril abr aprile',
  'may mai mayo maggio maio mei',
  'june jun juni juin junio giugno junho',
  'july jul juli juillet julio luglio julho',
  'august aug août aout agosto augustus',
  'september sep sept septembre septiembre settembre setembro',
  'october oct oktober okt octobre octubre ottobre outubro',
  'november nov novembre noviembre novembro',
  'december dec dezember dez décembre decembre diciembre dic dicembre dezembro',
].map((names) => names.split(' '));

/** Returns 1 to 12 for a month's name or its usual short form, in any case; undefined for other text. */
export function monthByName(name: string): number | undefined {
  const index = MONTHS.findIndex((names) => names.includes(name.toLowerCase()));
  return index === -1 ? undefined : index + 1;
}
