/** The transfer function of sRGB (IEC 61966-2-1). */

/** Steps of light between black and white. Finer ones make no difference to a byte. */
const lightSteps = 65_535;
const byteOfLight = Uint8Array.from({ length: lightSteps + 1 }, (_, step) => {
  const light = step / lightSteps;
  return Math.round(255 * (light <= 0.003_130_8 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
});

/** Returns the byte of sRGB for linear light, where 1 is white; what is outside of 0 to 1 is clipped, NaN is black. */
export function encodeSrgb(light: number): number {
  // Comparisons with NaN are false.
  const step = light >= 1 ? lightSteps : light > 0 ? Math.round(light * lightSteps) : 0;
  return byteOfLight[step] ?? 0;
}

/** Returns the linear light, 0 to 1, of a sample of sRGB, 0 to 1. */
export function decodeSrgb(sample: number): number {
  return sample <= 0.040_45 ? sample / 12.92 : ((sample + 0.055) / 1.055) ** 2.4;
}
