/** Paints the evidence for the disease as colours with transparency, in the geometry of the image that was read. */

import sharp from 'sharp';
import { type ActivationMap, evidenceAt } from './activation-map.ts';
import { type Placement, type Size, toInput } from './placement.ts';

const LONGEST_SIDE = 1024;
// The map has some ten cells a side: painted at this size and then enlarged it looks the same, sixteen times cheaper.
const PAINTED_SIDE = 256;
// Full colour from this local logit at least (odds of 20 to 1), so that the faint unevenness of a clear film stays faint.
const FULL_COLOUR = 3;
// The film must stay readable under the strongest colour.
const MOST_OPAQUE = 0.6;

export async function renderHeatmap(
  map: ActivationMap,
  image: Size,
  input: Size,
  placement: Placement,
): Promise<Uint8Array> {
  const painted = within(image, PAINTED_SIDE);
  const final = within(image, LONGEST_SIDE);
  const raw = { ...painted, channels: 4 as const };
  return sharp(paint(map, image, input, placement, painted), { raw })
    .resize(final.width, final.height, { fit: 'fill', kernel: 'cubic' })
    .png({ compressionLevel: 6 })
    .toBuffer();
}

/** The same shape, made smaller until the longer side fits. */
function within({ width, height }: Size, longest: number): Size {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function paint(map: ActivationMap, image: Size, input: Size, placement: Placement, painted: Size): Uint8Array {
  const full = map.data.reduce((most, value) => Math.max(most, value), FULL_COLOUR);
  const pixels = new Uint8Array(painted.width * painted.height * 4);
  for (let row = 0; row < painted.height; row++) {
    for (let column = 0; column < painted.width; column++) {
      const x = ((column + 0.5) / painted.width) * image.width;
      const y = ((row + 0.5) / painted.height) * image.height;
      if (!isSeen(placement, x, y)) continue;
      const there = toInput(placement, x, y);
      const strength = evidenceAt(map, input, there.x, there.y) / full;
      pixels.set(colour(strength), (row * painted.width + column) * 4);
    }
  }
  return pixels;
}

const isSeen = ({ source }: Placement, x: number, y: number) =>
  x >= source.x && y >= source.y && x < source.x + source.width && y < source.y + source.height;

/** Yellow to red, more opaque as it gets stronger: also told apart by those who do not see red. */
function colour(strength: number): [red: number, green: number, blue: number, alpha: number] {
  return [255, Math.round(220 * (1 - strength)), 0, Math.round(255 * MOST_OPAQUE * Math.min(1, strength * 1.5))];
}
