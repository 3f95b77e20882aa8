const { fround } = Math;

/** Hue, saturation and value of the pixel at `rgb[from]`, each 0 to 255, rounded as Pillow's "HSV" is (Smith 1978). */
export function hsvFromRgb(rgb: Uint8Array, from: number, hsv: Uint8Array): void {
  const [red, green, blue] = [rgb[from]!, rgb[from + 1]!, rgb[from + 2]!];
  const most = Math.max(red, green, blue);
  const range = most - Math.min(red, green, blue);
  hsv[0] = range === 0 ? 0 : Math.trunc(hueOf(red, green, blue, most, range) * 255);
  hsv[1] = range === 0 ? 0 : Math.trunc(fround(range / most) * 255);
  hsv[2] = most;
}

/** The place on the colour circle, in [0, 1). */
function hueOf(red: number, green: number, blue: number, most: number, range: number): number {
  const [fromRed, fromGreen, fromBlue] = [
    fround((most - red) / range),
    fround((most - green) / range),
    fround((most - blue) / range),
  ];
  if (red === most) return onCircle(fround(fromBlue - fromGreen));
  if (green === most) return onCircle(fround(2 + fromRed - fromBlue));
  return onCircle(fround(4 + fromGreen - fromRed));
}

const onCircle = (sixths: number): number => fround((sixths / 6 + 1) % 1);

/** Writes the pixel of a hue, saturation and value to `rgb[to]` and the two after it. */
export function rgbFromHsv(hsv: Uint8Array, rgb: Uint8Array, to: number): void {
  const [hue, saturation, value] = [fround((hsv[0]! * 6) / 255), fround(hsv[1]! / 255), hsv[2]!];
  const sector = Math.floor(hue);
  const part = fround(hue - sector);
  const low = Math.round(fround(value * (1 - saturation)));
  const falling = Math.round(fround(value * (1 - saturation * part)));
  const rising = Math.round(fround(value * (1 - saturation * (1 - part))));
  const [red, green, blue] = [
    [value, rising, low],
    [falling, value, low],
    [low, value, rising],
    [low, falling, value],
    [rising, low, value],
    [value, low, falling],
  ][sector % 6]!;
  rgb[to] = red!;
  rgb[to + 1] = green!;
  rgb[to + 2] = blue!;
}
